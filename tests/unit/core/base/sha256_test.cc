#include "core/base/sha256.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(Sha256Test, MatchesFips180Vectors) {
  EXPECT_EQ(Sha256Of("").Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish().Hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, ReadsBackHexAndRefusesOtherText) {
  const Digest digest = Sha256Of("x");
  EXPECT_EQ(*Digest::FromHex(digest.Hex()), digest);
  EXPECT_EQ(*Digest::FromRaw(digest.Raw()), digest);
  EXPECT_FALSE(Digest::FromHex("12").ok());
  EXPECT_FALSE(Digest::FromHex(std::string(64, 'g')).ok());
  EXPECT_FALSE(Digest::FromRaw("short").ok());
}

}  // namespace
}  // namespace tuneward
