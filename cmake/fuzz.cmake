# With -DFUZZ=ON and clang: one program fuzz_NAME per test/fuzz/fuzz_NAME.c, linked with its
# layer. scripts/fuzz builds and runs one of them.
function(fuzz_target layer name)
  add_executable(fuzz_${name} test/fuzz/fuzz_${name}.c)
  target_link_libraries(fuzz_${name} PRIVATE ${layer})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()

fuzz_target(policy body)
fuzz_target(http head)
fuzz_target(http target)
fuzz_target(http token)
