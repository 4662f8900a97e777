#include "tests/chaos/work_load.h"

#include "sandbox/world/row_sources.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr std::chrono::milliseconds kBetweenLooks{200};

// What a client library repeats by itself: the server is away, or says that it may be.
bool MayTryAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace

std::vector<Recipe> SmallRecipes(int rows, int epochs) {
  std::vector<Recipe> recipes;
  const World world = BuiltInWorld();
  for (const char* family : {"gsm8k", "boolq", "piqa"}) {
    Recipe recipe;
    recipe.seed = static_cast<int64_t>(recipes.size()) + 1;
    recipe.epochs = epochs;
    recipe.mix_method = recipes.empty() ? "none" : "paraphrase";
    const auto chats =
        MakeSourceRows(world, family, RowForm::kAutoIf, rows, static_cast<uint64_t>(recipe.seed));
    for (const Chat& chat : chats.value()) recipe.content += ChatLine(chat) + "\n";
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

WorkLoad::WorkLoad(Stack& stack, std::vector<Recipe> recipes)
    : stack_(stack), recipes_(std::move(recipes)), client_(stack.NewClient()) {}

WorkLoad::~WorkLoad() { Stop(); }

void WorkLoad::Start(int clients, int unfinished) {
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, unfinished] { RunClient(unfinished); });
  }
}

void WorkLoad::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkLoad::RunClient(int unfinished) {
  while (!stopping_) {
    const std::string open = stack_.Sql("select count(*) from jobs where finished_at is null");
    if (!open.empty() && std::stoi(open) < unfinished) {
      Submit();
    } else {
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }
}

std::string WorkLoad::UntilAcknowledged(Ask& ask,
                                        const std::function<absl::StatusOr<std::string>()>& call) {
  // An ask that has begun is carried through even when the work ends: all are acknowledged.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    ++ask.attempts;
    const absl::StatusOr<std::string> name = call();
    if (name.ok()) return *name;
    if (!MayTryAgain(name.status()) || std::chrono::steady_clock::now() > deadline) {
      std::lock_guard lock(mutex_);
      refusals_.push_back(name.status().ToString());
      return "";
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

void WorkLoad::Submit(const AskHooks& hooks) {
  Ask ask;
  {
    std::lock_guard lock(mutex_);
    ask.number = next_++;
  }
  ask.recipe = static_cast<size_t>(ask.number) % recipes_.size();
  const Recipe& recipe = recipes_[ask.recipe];
  const auto first_time = [&ask](const std::function<void()>& hook) {
    return ask.attempts == 1 ? hook : std::function<void()>();
  };
  ask.file = UntilAcknowledged(ask, [&] {
    return client_.Upload(recipe, ask.UploadId(), first_time(hooks.upload_half_way));
  });
  if (hooks.uploaded) hooks.uploaded();
  if (!ask.file.empty()) {
    ask.job =
        UntilAcknowledged(ask, [&] { return client_.CreateJob(recipe, ask.file, ask.CreateId()); });
  }
  std::lock_guard lock(mutex_);
  asks_.push_back(ask);
}

int WorkLoad::RepeatAll() {
  int others = 0;
  for (Ask ask : asks()) {
    const Recipe& recipe = recipes_[ask.recipe];
    const std::string file =
        UntilAcknowledged(ask, [&] { return client_.Upload(recipe, ask.UploadId()); });
    const std::string job =
        UntilAcknowledged(ask, [&] { return client_.CreateJob(recipe, ask.file, ask.CreateId()); });
    if (file != ask.file || job != ask.job) ++others;
  }
  return others;
}

bool WorkLoad::WaitForEnd(std::chrono::milliseconds limit) {
  return WaitUntil(
      [&] { return stack_.Sql("select count(*) from jobs where finished_at is null") == "0"; },
      limit);
}

std::vector<Ask> WorkLoad::asks() const {
  std::lock_guard lock(mutex_);
  return asks_;
}

std::vector<std::string> WorkLoad::refusals() const {
  std::lock_guard lock(mutex_);
  return refusals_;
}

}  // namespace tuneward
