#include <chrono>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"
#include "server/resource_names.h"
#include "server/rpc/convert.h"

namespace tuneward {
namespace {

constexpr int kMaxMessages = 256;
constexpr size_t kMaxContent = 1 << 20;
constexpr int kDefaultMaxTokens = 256;

Chat ToChat(const google::protobuf::RepeatedPtrField<v1::ChatMessage>& messages,
            Violations& problems) {
  Chat chat;
  if (messages.empty() || messages.size() > kMaxMessages) {
    problems.Add("messages",
                 absl::StrCat("must have 1 to ", kMaxMessages, " messages, got ", messages.size()));
    return chat;
  }
  for (int i = 0; i < messages.size(); ++i) {
    const std::string field = absl::StrCat("messages[", i, "]");
    const std::string& role = messages[i].role();
    Message message;
    message.content = messages[i].content();
    if (role == "system" && i == 0) {
      message.role = Role::kSystem;
    } else if (role == "user") {
      message.role = Role::kUser;
    } else if (role == "assistant") {
      message.role = Role::kAssistant;
    } else {
      problems.Add(field + ".role",
                   absl::StrCat("must be user, assistant, or system in the first message, got '",
                                CutText(role, 32), "'"));
    }
    if (message.content.size() > kMaxContent) {
      problems.Add(field + ".content", absl::StrCat("must have at most ", kMaxContent,
                                                    " bytes, got ", message.content.size()));
    }
    chat.messages.push_back(std::move(message));
  }
  // Turns alternate, as they do in training rows.
  const size_t first = chat.messages[0].role == Role::kSystem ? 1 : 0;
  for (size_t i = first; i < chat.messages.size(); ++i) {
    const Role expected = (i - first) % 2 == 0 ? Role::kUser : Role::kAssistant;
    if (chat.messages[i].role != expected) {
      problems.Add(absl::StrCat("messages[", i, "].role"),
                   absl::StrCat("turns alternate: must be ", std::string(RoleName(expected))));
      break;
    }
  }
  if (chat.messages.back().role != Role::kUser)
    problems.Add("messages", "the last message must be the user's");
  return chat;
}

}  // namespace

v1::Release ToProto(Release release) {
  switch (release) {
    case Release::kPending:
      return v1::RELEASE_PENDING;
    case Release::kReleased:
      return v1::RELEASE_RELEASED;
    case Release::kHeld:
      return v1::RELEASE_HELD;
    case Release::kBlocked:
      return v1::RELEASE_BLOCKED;
  }
  return v1::RELEASE_UNSPECIFIED;
}

v1::Model ToProto(const ModelRecord& model, const std::vector<ReleaseDecisionRecord>& decisions,
                  int64_t context) {
  v1::Model proto;
  proto.set_name(ModelName(model.project_id, model.id));
  proto.set_base_model(BaseModelName(model.base_model_id));
  proto.set_job(JobName(model.project_id, model.job_id));
  proto.set_release(ToProto(model.release));
  for (const ReleaseDecisionRecord& decision : decisions) {
    auto* entry = proto.add_decisions();
    entry->set_seq(decision.seq);
    entry->set_release(ToProto(decision.verdict));
    for (const std::string& reason : decision.reasons) entry->add_reasons(reason);
    entry->set_actor(decision.actor);
    *entry->mutable_decide_time() = ToTimestamp(decision.at);
  }
  proto.set_context(static_cast<int>(context));
  *proto.mutable_create_time() = ToTimestamp(model.created_at);
  return proto;
}

v1::Model ToModelProto(const BaseModelRecord& base) {
  v1::Model proto;
  proto.set_name(BaseModelName(base.id));
  proto.set_base_model(BaseModelName(base.id));
  proto.set_release(v1::RELEASE_RELEASED);
  proto.set_context(static_cast<int>(base.context));
  *proto.mutable_create_time() = ToTimestamp(base.created_at);
  return proto;
}

absl::StatusOr<ChatCall> ToChatCall(const v1::ChatCompleteRequest& request) {
  Violations problems;
  ChatCall call;
  const auto model = ParseModelName(request.model(), "model");
  if (model.ok()) {
    call.project_id = model->project;
    call.model_id = model->id;
    call.is_base = model->project.empty();
  } else {
    for (const FieldViolation& v : GetErrorInfo(model.status()).violations)
      problems.Add(v.field, v.description);
  }
  call.chat = ToChat(request.messages(), problems);
  call.max_tokens = request.has_max_tokens() ? request.max_tokens() : kDefaultMaxTokens;
  if (call.max_tokens < 1 || call.max_tokens > 4096) {
    problems.Add("max_tokens", absl::StrCat("must be in [1, 4096], got ", call.max_tokens));
  }
  if (request.has_temperature()) call.temperature = request.temperature();
  if (!(call.temperature >= 0 && call.temperature <= 2)) {
    problems.Add("temperature", absl::StrCat("must be in [0, 2], got ", call.temperature));
  }
  if (request.has_top_p()) call.top_p = request.top_p();
  if (!(call.top_p > 0 && call.top_p <= 1))
    problems.Add("top_p", absl::StrCat("must be in (0, 1], got ", call.top_p));
  if (request.has_seed()) call.seed = request.seed();
  if (call.seed.has_value() && (*call.seed < 0 || *call.seed > 0x7fffffff)) {
    problems.Add("seed", absl::StrCat("must be in [0, 2147483647], got ", *call.seed));
  }
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return call;
}

v1::ChatCompleteResponse ToProto(const ChatAnswer& answer, const std::string& model) {
  v1::ChatCompleteResponse proto;
  proto.set_model(model);
  proto.mutable_message()->set_role("assistant");
  proto.mutable_message()->set_content(answer.text);
  proto.set_finish_reason(answer.stopped ? v1::FINISH_REASON_STOP : v1::FINISH_REASON_LENGTH);
  proto.set_prompt_tokens(answer.prompt_tokens);
  proto.set_completion_tokens(answer.completion_tokens);
  return proto;
}

v1::StreamChatCompleteResponse ToStreamEnd(const ChatAnswer& answer) {
  v1::StreamChatCompleteResponse proto;
  proto.set_finish_reason(answer.stopped ? v1::FINISH_REASON_STOP : v1::FINISH_REASON_LENGTH);
  proto.set_prompt_tokens(answer.prompt_tokens);
  proto.set_completion_tokens(answer.completion_tokens);
  return proto;
}

}  // namespace tuneward
