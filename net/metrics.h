// Prometheus text of a registry, and the HTTP endpoint every process shows it on. Names and
// families are each process's own, in one file; labels are of low cardinality: never a job, user or
// file.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <prometheus/registry.h>

#include "net/http_server.h"

namespace tuneward {

std::string MetricsText(const prometheus::Registry& registry);

// GET /metrics runs `refresh` (may be null; reads gauges from the database), then answers the text,
// the process's own figures (net/process_metrics.h) among it; GET /healthz answers 200 "ok" or 503
// "not ready". The registry must outlive the server.
void ServeMetrics(HttpServer& http, prometheus::Registry& registry, const std::string& version,
                  std::function<bool()> ready, std::function<void()> refresh);

}  // namespace tuneward
