# Sanitizer runs of the tests of everything that has threads or touches C; sourced by scripts/soak,
# after setup.sh, at the repository's root.

stoa_sanitized_suites=(
  JournalTests LedgerStoreTests ConsensusTests ABCITests GatewayTests ProviderTests
)

# The clang beside the Swift compiler, whose calling convention it knows.
stoa_swift_clang() {
  printf '%s/clang' "$(dirname "$(readlink -f "$(command -v swiftc)")")"
}

# stoa_sanitize thread|address [SUITE…]: fails if the sanitizer reports anything in any suite.
# A test that fails without a report is said but does not count: the tests prove that elsewhere, and
# sanitized processes are five to fifteen times slower than their clocks expect.
stoa_sanitize() {
  local kind=$1 scratch=.build-$1 folder log suite preload='' reports=0 found
  shift
  local suites=("$@")
  [ "${#suites[@]}" -gt 0 ] || suites=("${stoa_sanitized_suites[@]}")
  stoa_step "building for the $kind sanitizer"
  stoa_build debug --build-tests --sanitize="$kind" --scratch-path "$scratch"
  folder=$scratch/logs
  mkdir -p "$folder"
  if [ "$kind" = thread ]; then
    # Without it, whatever a contended Mutex guards is reported as a race.
    "$(stoa_swift_clang)" -O1 -fPIC -shared -o "$scratch/swift_mutex.so" \
      Fuzz/Sanitizing/swift_mutex.c -ldl ||
      stoa_fail "the helper for the thread sanitizer does not compile" "is clang beside swiftc?"
    preload=$PWD/$scratch/swift_mutex.so
  fi
  for suite in "${suites[@]}"; do
    stoa_step "$kind sanitizer: $suite"
    log=$folder/$suite.log
    # The test process itself, because the helper must not get into swift-test.
    LD_PRELOAD=$preload SWIFT_BACKTRACE=enable=no TSAN_OPTIONS=halt_on_error=0 \
      ASAN_OPTIONS=detect_leaks=0 timeout 1800 \
      "$scratch/debug/stoaPackageTests.xctest" --testing-library swift-testing \
      --filter "^$suite\\." >"$log" 2>&1 || true
    grep -E 'Test run with|recorded an issue' "$log" >&2 || {
      tail -n 20 "$log" >&2
      stoa_fail "$suite did not run to its end" "see $log"
    }
    found=$(grep -cE '(WARNING|ERROR): [A-Za-z]+Sanitizer' "$log" || true)
    reports=$((reports + found))
    [ "$found" -eq 0 ] || grep '^SUMMARY' "$log" | sort | uniq -c >&2
  done
  [ "$reports" -eq 0 ] || stoa_fail "the $kind sanitizer has $reports reports" "see $folder"
}
