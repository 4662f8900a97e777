#include "core/policy/policies.h"

#include "core/policy/base.h"
#include "core/policy/longest.h"
#include "core/policy/none.h"
#include "core/policy/paraphrase.h"

namespace tuneward {

const std::vector<const MixMethod*>& MixMethods() {
  static const NoneMethod none;
  static const BaseMethod base;
  static const LongestMethod longest;
  static const ParaphraseMethod paraphrase;
  static const std::vector<const MixMethod*> methods = {&none, &base, &longest, &paraphrase};
  return methods;
}

const MixMethod* FindMixMethod(std::string_view name) {
  for (const MixMethod* method : MixMethods())
    if (method->name() == name) return method;
  return nullptr;
}

}  // namespace tuneward
