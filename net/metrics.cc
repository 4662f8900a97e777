#include "net/metrics.h"

#include <utility>

#include <prometheus/text_serializer.h>

#include "net/process_metrics.h"

namespace tuneward {

std::string MetricsText(const prometheus::Registry& registry) {
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

void ServeMetrics(HttpServer& http, prometheus::Registry& registry, const std::string& version,
                  std::function<bool()> ready, std::function<void()> refresh) {
  // shared: a handler must be copyable, and it is the one owner
  auto process = std::make_shared<ProcessMetrics>(registry, version);
  http.Get("/metrics", [&registry, process, refresh = std::move(refresh)](const HttpRequest&) {
    process->Refresh();
    if (refresh) refresh();
    return HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", MetricsText(registry)};
  });
  http.Get("/healthz", [ready = std::move(ready)](const HttpRequest&) {
    return ready() ? HttpResponse{200, "text/plain", "ok\n"}
                   : HttpResponse{503, "text/plain", "not ready\n"};
  });
}

}  // namespace tuneward
