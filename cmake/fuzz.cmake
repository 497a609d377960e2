# With -DFUZZ=ON and clang: one program fuzz_NAME per test/fuzz/fuzz_NAME.c, linked with its
# layer; seeds for each (test/fuzz/seeds.lua); and a test fuzz/NAME of a minute.
enable_testing()
add_custom_target(seeds ALL
  COMMAND lua5.4 test/fuzz/seeds.lua ${CMAKE_BINARY_DIR}
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})

function(fuzz_target layer name)
  add_executable(fuzz_${name} test/fuzz/fuzz_${name}.c ${ARGN})
  target_link_libraries(fuzz_${name} PRIVATE ${layer})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_test(NAME fuzz/${name} COMMAND fuzz_${name} -max_total_time=60 -timeout=5
    -artifact_prefix=${CMAKE_BINARY_DIR}/ -print_final_stats=1 corpus-${name} seeds-${name})
endfunction()

fuzz_target(policy body)
fuzz_target(policy decide test/fuzz/second_reader.c)
target_compile_definitions(fuzz_decide PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
fuzz_target(policy edit)
fuzz_target(http head)
fuzz_target(http target)
fuzz_target(http token)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka) # of the rig
fuzz_target(proxy exchange test/unit/proxy/fake_policy.c test/unit/proxy/rig.c)
target_link_libraries(fuzz_exchange PRIVATE PkgConfig::CMOCKA)
