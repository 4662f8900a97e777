// The decode queue over the real engine: answers of chats that are decoded together, with two
// adapters, are those of the engine alone.
#include "worker/serving/engine_batch.h"

#include <gtest/gtest.h>

#include "core/text/sentencepiece_trainer.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/serving/decode_queue.h"

namespace tuneward {
namespace {

using std::chrono::milliseconds;

class EngineBatchTest : public ::testing::Test {
 protected:
  // A folder "base" with a tokenizer, and adapters "one" and "two".
  static void SetUpTestSuite() {
    folder_ = new TempFolder();
    std::string config = kTinyConfig;  // sentencepiece has a piece for every byte
    config.replace(config.find("\"vocab_size\":40"), 15, "\"vocab_size\":320");
    const auto model = BaseModel::Create(config, 5, {}).value();
    ASSERT_TRUE(model->Save(*folder_ / "base", Precision::kFloat32).ok());
    const auto tokenizer = TrainSentencepiece({"a bad cab", "add a bead", "dad be a cab"}, {300});
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    ASSERT_TRUE(WriteFileAtomic(*folder_ / "base/tokenizer.model", *tokenizer).ok());
    for (const char* name : {"one", "two"}) {
      TrainInputs inputs;
      inputs.rows = TinyRows(48, name[0]);
      inputs.spec.learning_rate = 5e-2;
      inputs.spec.lora->rank = name[0] == 'o' ? 4 : 8;
      Recorder recorder;
      ASSERT_TRUE(model->Train(inputs, *folder_ / name, recorder).ok());
    }
  }
  static void TearDownTestSuite() { delete folder_; }

  static DecodeRequest Request(size_t i) {
    static constexpr const char* kAdapters[] = {"", "one", "two"};
    const TrainRow row = TinyRows(static_cast<int>(i) + 1, 77).back();
    DecodeRequest request;
    request.base_tree = "base";
    request.adapter_tree = kAdapters[i % 3];
    request.prompt.assign(row.tokens.begin(),
                          row.tokens.begin() + static_cast<int>(row.tokens.size() / 2));
    request.stops = {2, static_cast<TokenId>(3 + i)};
    request.sampling.max_new_tokens = 4 + static_cast<int>(i % 5);
    request.sampling.temperature = i % 2 == 0 ? 0 : 0.9;
    request.sampling.seed = i;
    return request;
  }
  static absl::StatusOr<DecodeTicket::Piece> All(DecodeTicket& ticket) {
    return ticket.Next(milliseconds(0));
  }

  static TempFolder* folder_;
  ModelCache models_{{}, [](const std::string& tree) -> absl::StatusOr<std::string> {
                       if (!std::filesystem::exists(*folder_ / tree))
                         return absl::NotFoundError("no tree " + tree);
                       return *folder_ / tree;
                     }};
  SystemClock clock_;
  DecodeQueue queue_{clock_,
                     [this](const std::string& base) { return OpenEngineBatch(models_, base); }};
};
TempFolder* EngineBatchTest::folder_ = nullptr;

TEST_F(EngineBatchTest, AnswersAreThoseOfOneAtATime) {
  std::vector<std::shared_ptr<DecodeTicket>> tickets;
  for (size_t i = 0; i < 18; ++i) {
    tickets.push_back(queue_.Submit(Request(i)).value());
    if (i >= 6) queue_.RunIdle(milliseconds(0));  // the later ones join those that run
  }
  for (int step = 0; step < 10; ++step) queue_.RunIdle(milliseconds(0));
  const auto base = models_.GetBase("base").value();
  size_t different = 0;
  std::vector<TokenId> before;
  for (size_t i = 0; i < tickets.size(); ++i) {
    const DecodeRequest request = Request(i);
    const auto adapter = base->GetAdapter(request.adapter_tree).value();
    const Generation want =
        base->model()
            .Generate({request.prompt}, adapter.get(), request.stops, request.sampling)
            .value()[0];
    const auto got = All(*tickets[i]);
    ASSERT_TRUE(got.ok()) << i << ": " << got.status();
    EXPECT_EQ(got->tokens, want.tokens) << i;
    EXPECT_EQ(got->stopped, want.stopped) << i;
    EXPECT_TRUE(got->finished) << i;
    different += got->tokens != before;
    before = got->tokens;
  }
  EXPECT_GT(different, 12u);
}

TEST_F(EngineBatchTest, OnesErrorIsNotTheOthers) {
  std::vector<DecodeRequest> requests;
  for (size_t i = 0; i < 5; ++i) requests.push_back(Request(i));
  requests[1].adapter_tree = "three";
  requests[2].prompt.assign(64, 5);
  requests[3].prompt = {320};
  std::vector<std::shared_ptr<DecodeTicket>> tickets;
  for (const DecodeRequest& request : requests) tickets.push_back(queue_.Submit(request).value());
  for (int step = 0; step < 10; ++step) queue_.RunIdle(milliseconds(0));
  EXPECT_TRUE(All(*tickets[0])->finished);
  EXPECT_TRUE(absl::IsNotFound(All(*tickets[1]).status()));
  EXPECT_EQ(GetErrorInfo(All(*tickets[2]).status()).reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(All(*tickets[3]).status()).violations.at(0).field, "prompt_tokens");
  EXPECT_TRUE(All(*tickets[4])->finished);
}

}  // namespace
}  // namespace tuneward
