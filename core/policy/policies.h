// The list of mixing methods: one file a method, one line here. A method turns chosen pool rows
// into chats. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/policy/mix_plan.h"

namespace tuneward {

// One pool row that the planner chose, and where it is to be seen.
struct MixTask {
  const SafetyPool* pool = nullptr;  // the row's
  const PoolRow* row = nullptr;
  const FormatCluster* cluster = nullptr;
  const PlanCluster* plan_cluster = nullptr;
  std::string form;  // "template", "raw", "neutral", "persona", "system": what the planner wants; a
                     // method may not follow
};

// Whether pool row `a` is taken before `b`: a strict weak order.
using RowOrder = bool (*)(const PoolRow& a, const PoolRow& b);

class MixMethod {
 public:
  virtual ~MixMethod() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view backend() const = 0;  // of D5; empty: none
  virtual std::string_view summary() const = 0;  // one line for catalogues and --help
  virtual bool adds_rows() const = 0;
  // In which the planner takes the pools' rows of a kind, equal ones as the pools list them, from
  // the first again when all are spent. Null: at random, category by category.
  virtual RowOrder order() const { return nullptr; }
  // The recipes to try for a task, in order of preference; the planner takes the first whose chat
  // is valid.
  virtual std::vector<std::string> Recipes(const MixTask& task) const = 0;
  virtual Chat Render(const MixTask& task, const std::string& recipe,
                      RandomStream& slot_stream) const = 0;
};

const std::vector<const MixMethod*>& MixMethods();  // constant, in catalogue order
const MixMethod* FindMixMethod(std::string_view name);

}  // namespace tuneward
