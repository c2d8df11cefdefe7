# Functions for setting up a machine; sourced by scripts/demo and scripts/test.
# Everything here does nothing when it is done already, and says what it does when it is not.

stoa_started=$SECONDS

stoa_step() { printf '==> [%3ds] %s\n' "$((SECONDS - stoa_started))" "$*" >&2; }

stoa_fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

# Finds Swift 6.2 or later on PATH or in /opt/swift.
stoa_require_swift() {
  if ! command -v swift >/dev/null 2>&1 && [ -x /opt/swift/usr/bin/swift ]; then
    export PATH="$PATH:/opt/swift/usr/bin"
  fi
  command -v swift >/dev/null 2>&1 || stoa_fail "there is no Swift on PATH" \
    "install the Swift 6.3 toolchain for Debian 12 and try again"
  local version major minor
  version=$(swift --version 2>/dev/null |
    sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  major=${version%%.*} minor=${version#*.}
  if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -lt 2 ]; }; then
    stoa_fail "Swift ${version:-of an unknown version} is too old" "Swift 6.2 or later is needed"
  fi
}

# Installs those of the named Debian packages that are missing.
stoa_apt() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || stoa_fail "these packages are missing: ${missing[*]}" \
      "install them as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  printf '    installing %s\n' "${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null 2>&1 || stoa_fail "apt-get could not install ${missing[*]}" \
    "run apt-get install ${missing[*]} and read what it says"
}

# stoa_venv NAME REQUIREMENTS [pip options]: the packages of a file in .venv/NAME.
stoa_venv() {
  local venv=".venv/$1" requirements=$2
  shift 2
  local stamp wanted
  stamp="$venv/.$(basename "$requirements").installed"
  wanted=$(cat "$requirements" | sha256sum | cut -d' ' -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
  # pip comes last: without it, an earlier run was interrupted.
  if [ ! -x "$venv/bin/python" ] || [ ! -x "$venv/bin/pip" ]; then
    python3 -m venv "$venv" 2>/dev/null || { stoa_apt python3-venv && python3 -m venv "$venv"; } ||
      stoa_fail "python3 cannot make a virtual environment" "install python3-venv"
  fi
  printf '    installing %s\n' "$(grep -v '^#' "$requirements" | tr '\n' ' ')" >&2
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@" -r "$requirements" >&2 ||
    stoa_fail "pip could not install $requirements" "is a package index reachable?"
  printf '%s' "$wanted" >"$stamp"
}

# stoa_build CONFIGURATION [swift build options]: builds with one line of progress.
stoa_build() {
  local configuration=$1 log
  shift
  log=$(mktemp)
  if [ -t 2 ]; then
    swift build -c "$configuration" "$@" 2>&1 | tee "$log" |
      awk '/^\[/ { printf "\r    %-90.90s", $0; fflush() }' >&2 || true
    printf '\r%-96s\r' '' >&2
  else
    swift build -c "$configuration" "$@" 2>&1 | tee "$log" |
      awk '/^\[/ && ++n % 100 == 0 { print "    " $0; fflush() }' >&2 || true
  fi
  if ! grep -q 'complete!' "$log"; then
    grep -E 'error' "$log" | sort -u | head -n 20 >&2
    rm -f "$log"
    stoa_fail "the build failed" "run swift build -c $configuration $* to see all of it"
  fi
  rm -f "$log"
}

# stoa_libraries FOLDER: the files that others wrote and the portal's pages can use.
stoa_libraries() {
  local folder=$1
  stoa_venv portal python/requirements-portal.txt --no-deps
  stoa_library django-htmx htmx-2.min.js "$folder/htmx.min.js" \
    71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de
  stoa_library lightweight-charts lightweight-charts.js "$folder/lightweight-charts.js" \
    a7d4221516c7ea0bb0cc17d605df8848c1c748517a2ca43c2ce1a95ddb159006
}

# stoa_library PACKAGE FILE PLACE SHA256: copies a file that a package carries, if it is the one that
# was looked at: it runs where people sign, and a version can get further files later.
stoa_library() {
  local found
  found=$(find .venv/portal -name "$2" -print -quit)
  [ -n "$found" ] || stoa_fail "$1 carries no $2" "has the package changed?"
  printf '%s  %s\n' "$4" "$found" | sha256sum --check --status ||
    stoa_fail "$2 of $1 is not the file that is known here; nothing was copied" \
      "look at what changed, then write its SHA-256 into scripts/lib/setup.sh"
  mkdir -p "$(dirname "$3")"
  cp "$found" "$3"
}
