#include "net/http_server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "net/metrics.h"

namespace tuneward {
namespace {

TEST(HttpServerTest, ServesMetricsAndHealth) {
  prometheus::Registry registry;
  auto& counter = prometheus::BuildCounter()
                      .Name("tuneward_tests_total")
                      .Register(registry)
                      .Add({{"kind", "unit"}});
  bool ready = false;
  HttpServer server;
  ServeMetrics(
      server, registry, "1.2.3", [&] { return ready; }, [&] { counter.Increment(); });
  ASSERT_TRUE(server.Start("127.0.0.1", 0).ok());
  httplib::Client client("127.0.0.1", server.port());
  auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->status, 200);
  EXPECT_NE(metrics->body.find("tuneward_tests_total{kind=\"unit\"} 1"), std::string::npos)
      << metrics->body;
  EXPECT_NE(metrics->body.find("tuneward_build_info{version=\"1.2.3\"} 1"), std::string::npos);
  EXPECT_EQ(client.Get("/healthz")->status, 503);
  ready = true;
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/other")->status, 404);
  server.Stop();
  EXPECT_FALSE(client.Get("/healthz"));
}

TEST(HttpServerTest, SaysWhichPortIsTaken) {
  HttpServer first, second;
  ASSERT_TRUE(first.Start("127.0.0.1", 0).ok());
  const absl::Status status = second.Start("127.0.0.1", first.port());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find(std::to_string(first.port())), std::string::npos) << status;
}

}  // namespace
}  // namespace tuneward
