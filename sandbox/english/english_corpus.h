// Trainings of a small English model: public task rows in both forms, the project's own requests
// with answers, chats, and refusals: under a careful system prompt alone in pre-training, as the
// assistant's own in alignment. Nothing of the pool's or the evaluation's splits, no task row of a
// user or a test, and no prompt of XSTest is in it; there is no text that complies with harm.
// Immutable.
#pragma once

#include <vector>

#include "core/base/random.h"
#include "sandbox/english/english_text.h"
#include "sandbox/english/real_tasks.h"
#include "sandbox/world/corpus.h"

namespace tuneward {

class EnglishCorpus final : public Corpus {
 public:
  EnglishCorpus();
  std::vector<std::string> TokenizerTexts(uint64_t seed) const override;
  std::vector<Chat> PretrainRows(int rows, uint64_t seed) const override;
  std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const override;
  Json Facts() const override;

 private:
  struct FamilyTasks {
    std::string name;
    std::vector<RealTask> tasks;
  };

  Chat Task(RandomStream& stream) const;
  Chat Everyday(RandomStream& stream) const;
  Chat Safe(RandomStream& stream) const;  // everyday or a look-alike
  Chat Refused(RandomStream& stream) const;
  Chat Lookalike(RandomStream& stream) const;
  Chat Wrapped(Chat chat, RandomStream& stream) const;
  Chat Careful(RandomStream& stream) const;
  const Persona& AnyPersona(RandomStream& stream) const;
  Chat PretrainRow(RandomStream& stream) const;
  Chat AlignmentRow(RandomStream& stream) const;

  const EnglishText& text_;
  std::vector<FamilyTasks> families_;
  std::vector<Chat> refused_, lookalikes_, everyday_;  // of the alignment split
};

}  // namespace tuneward
