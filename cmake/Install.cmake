# What `cmake --install <build> --prefix P` puts where. One component a process, so that an image takes only its own:
#
#   client    bin/tuneward                  server  bin/tuneward-server
#   worker    bin/tuneward-worker           migrate bin/tuneward-migrate
#   sandbox   bin/tuneward-sandbox          models  share/tuneward/models (the sandbox's base models)
#   support   share/tuneward: migrations (to read: tuneward-migrate carries them), deploy, share/doc/tuneward: licences
#   torch     lib/tuneward: LibTorch itself, for a machine that has none; only when named: --component torch
#
# The programs read no file of the source tree: migrations, grammar, templates and policies are compiled in.
include(GNUInstallDirs)

function(tw_install_program target component)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
  endif()
endfunction()

tw_install_program(tuneward client)
tw_install_program(tuneward-server server)
tw_install_program(tuneward-worker worker)
tw_install_program(tuneward-migrate migrate)
tw_install_program(tuneward-sandbox sandbox)

set(_share ${CMAKE_INSTALL_DATADIR}/tuneward)
install(FILES LICENSE THIRD_PARTY.md README.md SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT support)
install(DIRECTORY migrations/ DESTINATION ${_share}/migrations COMPONENT support
        FILES_MATCHING PATTERN "[0-9]*.sql" PATTERN "tool" EXCLUDE)
install(DIRECTORY deploy/systemd deploy/proxy deploy/prometheus deploy/grafana
        DESTINATION ${_share}/deploy COMPONENT support)
install(DIRECTORY sandbox/models/ DESTINATION ${_share}/models COMPONENT models)

# LibTorch: first what was installed beside us, else the one of the build.
if(TUNEWARD_WITH_WORKER)
  set_target_properties(tuneward-worker tuneward-sandbox PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/tuneward;${TUNEWARD_TORCH_ROOT}/lib")
  if(EXISTS ${TUNEWARD_TORCH_ROOT}/lib/libtorch_cuda.so)
    # It finds NVIDIA's libraries relative to itself, in its own Python environment.
    install(CODE "message(FATAL_ERROR \"LibTorch's CUDA build cannot be moved: leave it in ${TUNEWARD_TORCH_ROOT}\")"
            COMPONENT torch EXCLUDE_FROM_ALL)
  else()
    # What the engine links and what that links: no Python, no libraries of LibTorch's tests.
    foreach(_name libtorch.so libtorch_cpu.so libtorch_global_deps.so libc10.so libgomp.so.1)
      install(FILES ${TUNEWARD_TORCH_ROOT}/lib/${_name} DESTINATION ${CMAKE_INSTALL_LIBDIR}/tuneward
              COMPONENT torch EXCLUDE_FROM_ALL)
    endforeach()
  endif()
endif()
