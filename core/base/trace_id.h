// The trace id of a call: what ties the lines of all processes about one request together. It comes
// from the client (W3C trace context, or a request id), or is drawn. It is stored with a job, so
// that a worker's lines carry it too. Pure but for the injected randomness.
#pragma once

#include <string>
#include <string_view>

#include "core/base/ids.h"

namespace tuneward {

// 32 hexadecimal digits in lower case, as in W3C trace context.
std::string NewTraceId(EntropySource& entropy);

// The trace id of a `traceparent` header ("00-<32 hex>-<16 hex>-<2 hex>"); "" when it is malformed
// or all zero.
std::string TraceIdOfTraceparent(std::string_view traceparent);

// A request id that may stand in a log as it is: 1 to 64 of [A-Za-z0-9._-] and not of the form of
// an API key; else "".
std::string TraceIdOfRequestId(std::string_view request_id);

}  // namespace tuneward
