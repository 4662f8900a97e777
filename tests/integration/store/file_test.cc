// Files, blobs' rows and the sweep of orphans.
#include <filesystem>

#include "core/base/file.h"
#include "core/base/ids.h"
#include "core/store/blob/blob_tree.h"
#include "core/store/orphan_sweep.h"
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

class FileStoreTest : public StoreTest {
 protected:
  void TearDown() override {
    if (!root_.empty()) std::filesystem::remove_all(root_);
    StoreTest::TearDown();
  }
  // A folder of this test alone, also where the program runs twice at once.
  std::string Root() {
    root_ = testing::TempDir() + "/orphans-XXXXXX";
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    return root_;
  }
  static FileRecord NewFile(const std::string& id, const Digest& sha256) {
    FileRecord file;
    file.id = id;
    file.project_id = kProject;
    file.filename = "train set.jsonl";
    file.sha256 = sha256;
    file.bytes = 9;
    file.rows = 3;
    file.problems = Json::array();
    file.profile = {{"clusters", 1}};
    return file;
  }

 private:
  std::string root_;
};

TEST_F(FileStoreTest, RegisterAndGet) {
  const auto made = files_->RegisterFile(NewFile("file-1", Sha256Of("bytes")));
  ASSERT_TRUE(made.ok()) << made.status();
  const auto file = files_->GetFile(kProject, "file-1");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->filename, "train set.jsonl");
  EXPECT_EQ(file->sha256, Sha256Of("bytes"));
  EXPECT_TRUE(file->ok);
  EXPECT_EQ(file->profile, Json({{"clusters", 1}}));
  MakeProject("other", false);
  EXPECT_EQ(Reason(files_->GetFile("other", "file-1").status()), "NOT_FOUND");
  FileRecord foreign = NewFile("file-2", Sha256Of("bytes"));
  foreign.project_id = "nobody";
  EXPECT_EQ(Reason(files_->RegisterFile(foreign).status()), "NOT_FOUND");
}

TEST_F(FileStoreTest, FilesInErrorHaveProblemsAndNoProfile) {
  FileRecord file = NewFile("file-1", Sha256Of("bytes"));
  file.ok = false;
  file.problems = {{{"line", 17}, {"reason", "not JSON"}}};
  file.profile = Json();
  ASSERT_TRUE(files_->RegisterFile(file).ok());
  EXPECT_FALSE(files_->GetFile(kProject, "file-1")->ok);
  EXPECT_EQ(files_->GetFile(kProject, "file-1")->problems, file.problems);
  EXPECT_TRUE(files_->GetFile(kProject, "file-1")->profile.is_null());
}

TEST_F(FileStoreTest, EqualBytesAreOneBlobAndListPages) {
  for (const char* id : {"file-1", "file-2", "file-3"}) {
    ASSERT_TRUE(files_->RegisterFile(NewFile(id, Sha256Of("bytes"))).ok());
  }
  EXPECT_EQ(Sql("select count(*) from blobs where bytes = 9"), "1");
  const auto first = files_->ListFiles(kProject, {2, ""});
  ASSERT_EQ(first->rows.size(), 2u);
  EXPECT_EQ(first->rows[0].id, "file-3");
  const auto second = files_->ListFiles(kProject, {2, first->next_token});
  ASSERT_EQ(second->rows.size(), 1u);
  EXPECT_EQ(second->next_token, "");
}

TEST_F(FileStoreTest, TextThatPostgresCannotHoldIsTheClientsMistake) {
  FileRecord file = NewFile("file-1", Sha256Of("bytes"));
  file.profile = {{"system", std::string("a\0b", 3)}};
  EXPECT_TRUE(absl::IsInvalidArgument(files_->RegisterFile(file).status()));
  EXPECT_EQ(Sql("select count(*) from files"), "0");
}

TEST_F(FileStoreTest, OrphansAreSweptAndWhatRowsNameStays) {
  SystemClock clock;
  SystemEntropy entropy;
  IdGenerator ids(clock, entropy);
  const std::string root = Root();
  const auto blobs = *BlobStore::Open(root + "/blobs", ids);
  ASSERT_TRUE(MakeFolders(root + "/adapter").ok());
  ASSERT_TRUE(WriteFileAtomic(root + "/adapter/adapter_config.json", "{}").ok());
  const StoredTree adapter = *PutTree(*blobs, root + "/adapter");
  const StoredBlob used = *blobs->Put("used"), unused = *blobs->Put("unused");
  ASSERT_TRUE(blobs->Put("base").ok());  // the fixture's base model names it as its tree
  Sql("delete from base_models");
  ASSERT_TRUE(files_->RegisterFile(NewFile("file-1", used.sha256)).ok());
  Sql("insert into blobs select '\\x" + adapter.sha256.Hex() +
      "', 1; insert into base_models select 'b', '\\x" + adapter.sha256.Hex() +
      "', null, 'llama', 't', 1, '{}', 'p', 'e', '{}', 'active'");
  Sql("insert into blobs select '\\x" + unused.sha256.Hex() + "', 1");

  EXPECT_EQ(*SweepOrphans(*files_, *blobs), 0) << "everything is young";
  Sql("update blobs set created_at = created_at - interval '2 days'");
  const auto two_days_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/blobs")) {
    if (entry.is_regular_file()) std::filesystem::last_write_time(entry.path(), two_days_ago);
  }
  const auto swept = SweepOrphans(*files_, *blobs);
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_EQ(*swept, 2) << "unused, base";
  EXPECT_FALSE(blobs->Exists(unused.sha256));
  EXPECT_TRUE(blobs->Exists(used.sha256));
  EXPECT_TRUE(blobs->Exists(adapter.sha256));
  EXPECT_TRUE(blobs->Exists(Sha256Of("{}"))) << "a member of a named tree";
  EXPECT_EQ(Sql("select count(*) from blobs"), "2");
}

TEST_F(FileStoreTest, SweepStopsWhenANamedTreeCannotBeRead) {
  SystemClock clock;
  SystemEntropy entropy;
  IdGenerator ids(clock, entropy);
  const auto blobs = *BlobStore::Open(Root(), ids);
  const StoredBlob unused = *blobs->Put("unused");
  EXPECT_TRUE(absl::IsDataLoss(SweepOrphans(*files_, *blobs, std::chrono::seconds(0)).status()));
  EXPECT_TRUE(blobs->Exists(unused.sha256));
}

}  // namespace
}  // namespace tuneward
