#!/usr/bin/env bash
# Builds Mesa's stand-in for Intel's kernel driver, which no package has. usage: build-intel-stand-in.sh FOLDER MESA_VERSION
# Debian only, as root: the source comes from the release's backports, where the driver came from.
set -euo pipefail
cd "$1"
version=$2
log=$PWD/log
trap 'tail -20 "$log" >&2' ERR
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(CREATED_BY)|$(COMPONENT)|$(REPO_URI)' | awk -F'|' '$1 == "Packages" && $2 == "main" { print $3; exit }')

# A list of sources of its own, so that the machine's stay as they are.
mkdir -p lists/partial
printf 'deb-src %s %s main\n' "$mirror" "$codename-backports" "$mirror" "$codename" >sources.list
own=(-qq -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$PWD/lists" -o APT::Sandbox::User=root)
apt-get "${own[@]}" update >>"$log" 2>&1
# Mirrors drop the packaging of an older build before its tarball, and only the tarball is needed.
apt-get "${own[@]}" source --download-only mesa >>"$log" 2>&1 || true
tar xf "mesa_$version.orig.tar.xz"

export DEBIAN_FRONTEND=noninteractive PATH=/usr/bin:/bin:$PATH
packages=(gcc g++ ninja-build python3-mako python3-yaml python3-packaging bison flex pkg-config glslang-tools libexpat1-dev zlib1g-dev
  libzstd-dev libelf-dev)
apt-get -qq install -y --no-install-recommends -t "$codename-backports" meson libdrm-dev >>"$log" 2>&1
apt-get -qq install -y --no-install-recommends "${packages[@]}" >>"$log" 2>&1

# Nothing of Mesa but one tool.
none=(-D{platforms,gallium-drivers,video-codecs}=)
disabled=(-D{glx,egl,gbm,gles1,gles2,llvm,valgrind,libunwind}=disabled)
cd "mesa-$version"
meson setup build --buildtype release -Dvulkan-drivers=intel_hasvk -Dtools=drm-shim,intel -Dopengl=false \
  "${none[@]}" "${disabled[@]}" >>"$log" 2>&1
ninja -C build src/intel/tools/libintel_noop_drm_shim.so >>"$log" 2>&1
cp build/src/intel/tools/libintel_noop_drm_shim.so "$1/"
