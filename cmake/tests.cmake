# Tests that are not C units. Names begin with their kind, by which scripts/test picks them:
# spec (Lua units, *_spec.lua; need no program), e2e (*_e2e.lua, against the fake engine),
# memory (the e2e specs that look at it, for the build as shipped),
# soak (a random mixture), cases, attacks, engine (need a real dockerd), lint.
function(program_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set(environment
    "LUA_PATH=${CMAKE_SOURCE_DIR}/spec/?.lua\;${CMAKE_SOURCE_DIR}/test/?.lua\;${CMAKE_SOURCE_DIR}/lua/?.lua\;\;"
    "LUA_CPATH=${CMAKE_BINARY_DIR}/?.so\;\;")
  if(TARGET sockguard)
    list(APPEND environment "SOCKGUARD=$<TARGET_FILE:sockguard>")
  endif()
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 600)
endfunction()

set(BUSTED busted --lua=lua5.4 --output=plainTerminal)
program_test(spec ${BUSTED} spec)
program_test(e2e ${BUSTED} --pattern=_e2e spec/e2e)
program_test(e2e/three-workers env TEST_WORKERS=3 ${BUSTED} --pattern=_e2e
  --exclude-pattern=workers_e2e spec/e2e)
program_test(memory ${BUSTED} --pattern=faults_e2e --pattern=bulk_e2e spec/e2e)
program_test(soak scripts/soak 15)
program_test(soak/three-workers env TEST_WORKERS=3 scripts/soak 15)
program_test(cases scripts/run-cases)
program_test(attacks scripts/run-attacks)
program_test(attacks/three-workers env TEST_WORKERS=3 scripts/run-attacks)
program_test(engine/controls ${BUSTED} --exclude-pattern=compare_spec
  --exclude-pattern=oracle_spec --exclude-pattern=redaction_spec --exclude-pattern=image_spec
  test/engine)
# image_spec downloads a Debian to build on: make test-image
program_test(engine/redaction ${BUSTED} --pattern=redaction_spec test/engine)
program_test(engine/oracle ${BUSTED} --pattern=oracle_spec test/engine)
program_test(engine/compare ${BUSTED} --pattern=compare_spec test/engine)
program_test(engine/quickstart scripts/quickstart --once)
program_test(lint scripts/lint)
