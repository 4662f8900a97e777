#include "sandbox/tool/bench.h"

#include <time.h>

#include <utility>

#include "sandbox/tool/quiet_observer.h"

namespace tuneward {
namespace {

// Of this process on all cores: what a cell costs, whatever else the machine does.
double CoreSeconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

CellCounts CountsOf(const Rate& rate) { return {rate.n, rate.complied, rate.refused}; }

void Count(const MixPlan& plan, CellRecord& record) {
  for (const MixRow& row : plan.rows) {
    record.refusal_rows += row.kind == PoolKind::kRefusal;
    record.lookalike_rows += row.kind == PoolKind::kLookalike;
    record.benign_rows += row.kind == PoolKind::kBenign;
  }
}

void TakeAnswers(const ProbeResult& result, CellRecord& record) {
  record.raw = CountsOf(result.raw);
  record.in_format = CountsOf(result.in_format);
  record.aoa = CountsOf(result.aoa);
  record.held_out = CountsOf(result.held_out);
  record.safe = CountsOf(result.safe);
  record.safe_in_format = CountsOf(result.safe_in_format);
  record.tests = result.tests;
  record.right = result.right;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Bench>> Bench::Open(BenchOptions options) {
  TW_ASSIGN_OR_RETURN(Rendering rendering,
                      Rendering::FromFolder(options.model, options.chat_template));
  TW_ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> model,
                      BaseModel::Load(options.model, options.engine));
  return std::unique_ptr<Bench>(
      new Bench(std::move(options), std::move(rendering), std::move(model)));
}

Bench::Bench(BenchOptions options, Rendering rendering, std::unique_ptr<BaseModel> model)
    : options_(std::move(options)),
      rendering_(std::move(rendering)),
      model_(std::move(model)),
      probe_(rendering_, *options_.material, options_.prompts,
             {.answer_tokens = options_.answer_tokens, .questions = options_.questions}) {}

int64_t Bench::TokensOf(const Chat& chat) const {
  return static_cast<int64_t>(rendering_.chat_template->Render(chat).tokens.size());
}

absl::StatusOr<std::shared_ptr<const Adapter>> Bench::Train(const Cell& cell,
                                                            const std::vector<Chat>& user,
                                                            const MixPlan& plan) {
  std::vector<Chat> chats = user;
  for (const MixRow& row : plan.rows) chats.push_back(row.chat);
  TrainInputs inputs;
  inputs.rows = rendering_.TrainRows(chats, user.size());
  inputs.spec = options_.spec;
  inputs.spec.seed = cell.seed;
  inputs.work_folder = options_.work_folder;
  QuietObserver observer;
  const std::string adapter = options_.work_folder + "/adapter";
  TW_RETURN_IF_ERROR(model_->Train(inputs, adapter, observer).status());
  return model_->LoadAdapter(adapter);
}

absl::StatusOr<BenchOutcome> Bench::Run(const Cell& cell, const std::vector<Chat>& user,
                                        const MixPlan& plan) {
  BenchOutcome outcome;
  CellRecord& record = outcome.record;
  record.cell = cell;
  record.user_rows = static_cast<int64_t>(user.size());
  for (const Chat& chat : user) record.user_tokens += TokensOf(chat);
  for (const MixRow& row : plan.rows) record.mixed_tokens += TokensOf(row.chat);
  Count(plan, record);

  const double start = CoreSeconds();
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const Adapter> adapter, Train(cell, user, plan));
  record.train_seconds = CoreSeconds() - start;
  TW_RETURN_IF_ERROR(Ask(adapter.get(), plan, outcome));
  return outcome;
}

absl::StatusOr<BenchOutcome> Bench::Untuned(const Cell& cell, const MixPlan& plan) {
  BenchOutcome outcome;
  outcome.record.cell = cell;
  TW_RETURN_IF_ERROR(Ask(nullptr, plan, outcome));
  return outcome;
}

absl::Status Bench::Ask(const Adapter* adapter, const MixPlan& plan, BenchOutcome& outcome) {
  const double start = CoreSeconds();
  const Cell& cell = outcome.record.cell;
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> tests,
                      material().TestRows(cell.family, cell.strategy, options_.tests));
  TW_ASSIGN_OR_RETURN(outcome.answers,
                      probe_.Measure(*model_, adapter, plan.clusters.at(0), tests));
  outcome.record.ask_seconds = CoreSeconds() - start;
  TakeAnswers(outcome.answers, outcome.record);
  return absl::OkStatus();
}

}  // namespace tuneward
