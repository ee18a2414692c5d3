#!/usr/bin/env bash
# stand-in-base.sh NODE-VERSION STORE
# Makes a read-only image store for Podman with one image, localhost/steward-base: Debian, Node, npm and the user "node",
# as in the official image. Installs the programs that this and Podman need. Needs root, and the package sources of this
# machine (apt, npm).
set -euo pipefail
node_version=$1 store=$2

missing=''
for program in podman runc debootstrap; do
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
[ ! -d "$store" ] || exit 0

mkdir -p "$(dirname "$store")"
work=$(mktemp -d "$store.XXXXXX")
trap 'umount --quiet "$work/root/proc" "$work/root/sys" || true; rm -rf --one-file-system "$work"' EXIT
architecture=$(node -p process.arch)
debootstrap --variant=minbase bookworm "$work/root" >"$work/log" || { tail "$work/log" >&2; exit 1; }
useradd --root "$work/root" --create-home --uid 1000 --user-group node
# npm 10 is what Node 22 comes with.
npm install --silent --global --prefix "$work/root/usr/local" "node-linux-$architecture@$node_version" npm@10
rm -rf "$work"/root/var/{cache/apt,lib/apt/lists}
tar -C "$work/root" -c . | podman --root "$work/store" --runroot "$work/run" import --quiet - localhost/steward-base >/dev/null
# In one step: an interrupted run leaves no half of a store behind.
mv --no-target-directory "$work/store" "$store"
