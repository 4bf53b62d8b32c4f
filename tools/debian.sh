# SPDX-License-Identifier: MIT
# Sourced by tools/quickstart and tools/test: sees to the Debian packages they need.

# Programs of packages such as runc live in folders that a normal user's PATH may lack.
present() {
  case $1 in
    dpkg) dpkg-query -W -f='${Status}' "$2" 2>/dev/null | grep -q 'ok installed' ;;
    /*) [ -e "$1" ] ;;
    *) PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1 ;;
  esac
}

# Prints the packages of PACKAGE:PROBE... whose probe (a program, a file, or "dpkg") finds nothing.
missing_packages() {
  for pair in "$@"; do
    present "${pair#*:}" "${pair%%:*}" || printf '%s ' "${pair%%:*}"
  done
}

# need_packages PACKAGE:PROBE...: installs what is missing as root; as anyone else says what to run, and fails.
need_packages() {
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    {
      echo "These Debian packages are missing: $missing"
      echo 'Install them, then run this again:'
      echo
      echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
    } >&2
    return 1
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "apt-get not found; install by other means: $missing" >&2
    return 1
  fi
  echo "installing Debian packages: $missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2 || echo 'apt-get update failed; trying with the lists at hand' >&2
  # Word splitting is wanted: one argument a package.
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >&2
}
