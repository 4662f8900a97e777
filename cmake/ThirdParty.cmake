# One alias target per third-party library: tp::<name>. No other file finds packages.
# Versions are those of Debian 12 and of scripts/setup.sh.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

if(DEFINED ENV{TUNEWARD_DEPS})
  set(_deps $ENV{TUNEWARD_DEPS})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_deps $ENV{XDG_CACHE_HOME}/tuneward/deps)
else()
  set(_deps $ENV{HOME}/.cache/tuneward/deps)
endif()
set(TUNEWARD_DEPS ${_deps} CACHE PATH "Where scripts/setup.sh put LibTorch and sentencepiece")

add_library(tp_absl INTERFACE)
add_library(tp::absl ALIAS tp_absl)
find_package(absl REQUIRED)
target_link_libraries(tp_absl INTERFACE absl::status absl::statusor absl::strings absl::flags absl::flags_parse
                                        absl::flags_usage absl::time absl::synchronization
                                        absl::flat_hash_map)

find_package(nlohmann_json REQUIRED)
add_library(tp::json ALIAS nlohmann_json::nlohmann_json)

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
add_library(tp_log INTERFACE)
add_library(tp::log ALIAS tp_log)
target_link_libraries(tp_log INTERFACE spdlog::spdlog fmt::fmt)
add_library(tp::fmt ALIAS fmt::fmt)

find_package(OpenSSL REQUIRED)
add_library(tp::crypto ALIAS OpenSSL::Crypto)

find_package(simdjson REQUIRED)
add_library(tp::simdjson ALIAS simdjson::simdjson)

find_package(CLI11 REQUIRED)
add_library(tp::cli11 ALIAS CLI11::CLI11)

find_path(HTTPLIB_INCLUDE_DIR httplib.h REQUIRED)
find_library(HTTPLIB_LIBRARY cpp-httplib REQUIRED)
add_library(tp_httplib INTERFACE)
add_library(tp::httplib ALIAS tp_httplib)
target_include_directories(tp_httplib SYSTEM INTERFACE ${HTTPLIB_INCLUDE_DIR})
target_link_libraries(tp_httplib INTERFACE ${HTTPLIB_LIBRARY} Threads::Threads)
# Debian's library is compiled with it, and httplib::Request has another layout without.
target_compile_definitions(tp_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT)

find_package(Protobuf REQUIRED)
add_library(tp::protobuf ALIAS protobuf::libprotobuf)
find_package(gRPC REQUIRED CONFIG)
add_library(tp_grpc INTERFACE)
add_library(tp::grpc ALIAS tp_grpc)
target_link_libraries(tp_grpc INTERFACE gRPC::grpc++ gRPC::grpc++_reflection protobuf::libprotobuf)

find_package(prometheus-cpp REQUIRED CONFIG)
add_library(tp::prometheus ALIAS prometheus-cpp::core)

pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
add_library(tp::pqxx ALIAS PkgConfig::PQXX)

set(TUNEWARD_SENTENCEPIECE_ROOT ${TUNEWARD_DEPS}/sentencepiece-0.2.0 CACHE PATH "sentencepiece built by setup.sh")
find_library(SENTENCEPIECE_LIBRARY libsentencepiece.a PATHS ${TUNEWARD_SENTENCEPIECE_ROOT}/lib
             ${TUNEWARD_SENTENCEPIECE_ROOT}/lib64 NO_DEFAULT_PATH REQUIRED)
find_library(SENTENCEPIECE_TRAIN_LIBRARY libsentencepiece_train.a PATHS ${TUNEWARD_SENTENCEPIECE_ROOT}/lib
             ${TUNEWARD_SENTENCEPIECE_ROOT}/lib64 NO_DEFAULT_PATH REQUIRED)
add_library(tp_sentencepiece INTERFACE)
add_library(tp::sentencepiece ALIAS tp_sentencepiece)
target_include_directories(tp_sentencepiece SYSTEM INTERFACE ${TUNEWARD_SENTENCEPIECE_ROOT}/include)
target_link_libraries(tp_sentencepiece INTERFACE ${SENTENCEPIECE_LIBRARY} protobuf::libprotobuf-lite
                                                 protobuf::libprotobuf)
add_library(tp_sentencepiece_train INTERFACE)
add_library(tp::sentencepiece_train ALIAS tp_sentencepiece_train)
target_link_libraries(tp_sentencepiece_train INTERFACE ${SENTENCEPIECE_TRAIN_LIBRARY} tp_sentencepiece)

# LibTorch from the Python wheel. Not find_package(Torch): it defines its own protobuf target. -idirafter: the wheel's
# include folder also holds protobuf 3.13 and fmt 12 headers, which must not shadow the system's.
if(TUNEWARD_WITH_WORKER)
  file(GLOB _torch_default ${TUNEWARD_DEPS}/venv-torch-2.13.0/lib/python3*/site-packages/torch)
  set(TUNEWARD_TORCH_ROOT "${_torch_default}" CACHE PATH "LibTorch (the wheel's torch folder)")
  if(NOT EXISTS ${TUNEWARD_TORCH_ROOT}/include/ATen/ATen.h)
    message(FATAL_ERROR "no LibTorch in '${TUNEWARD_TORCH_ROOT}': run scripts/setup.sh, or set TUNEWARD_TORCH_ROOT, "
                        "or -DTUNEWARD_WITH_WORKER=OFF")
  endif()
  add_library(tp_torch INTERFACE)
  add_library(tp::torch ALIAS tp_torch)
  # SHELL: keeps CMake from dropping the second -idirafter as a duplicate.
  target_compile_options(tp_torch INTERFACE
    "SHELL:-idirafter ${TUNEWARD_TORCH_ROOT}/include"
    "SHELL:-idirafter ${TUNEWARD_TORCH_ROOT}/include/torch/csrc/api/include")
  target_link_directories(tp_torch INTERFACE ${TUNEWARD_TORCH_ROOT}/lib)
  target_link_libraries(tp_torch INTERFACE ${TUNEWARD_TORCH_ROOT}/lib/libtorch.so
                                           ${TUNEWARD_TORCH_ROOT}/lib/libtorch_cpu.so
                                           ${TUNEWARD_TORCH_ROOT}/lib/libc10.so Threads::Threads)
  if(EXISTS ${TUNEWARD_TORCH_ROOT}/lib/libtorch_cuda.so)
    target_link_libraries(tp_torch INTERFACE -Wl,--no-as-needed ${TUNEWARD_TORCH_ROOT}/lib/libtorch_cuda.so
                                             ${TUNEWARD_TORCH_ROOT}/lib/libc10_cuda.so -Wl,--as-needed)
  endif()
endif()

if(TUNEWARD_BUILD_TESTS)
  find_package(GTest REQUIRED)
  add_library(tp_gtest INTERFACE)
  add_library(tp::gtest ALIAS tp_gtest)
  target_link_libraries(tp_gtest INTERFACE GTest::gtest GTest::gmock)
endif()
