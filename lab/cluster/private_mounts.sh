# Runs a machine's first program in a mount namespace of its own: private_mounts.sh FOLDER PROGRAM ARGUMENT...
# All of it goes with the machine's last process; the real machine sees none of it.
set -eu
folder=$1
shift

# What a reboot forgets (sockets, locks, the pods' network namespaces), and the machine's disk at a short path.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/node /run/settings "$folder/log"
mount --bind "$folder" /run/node
mount --bind "$folder/log" /var/log
if [ -e /run/node/resolv.conf ] && [ -e /etc/resolv.conf ]; then
  mount --bind /run/node/resolv.conf /etc/resolv.conf
fi

# The four cores of a Pi, whatever this machine has: kubelet counts them here.
if [ -d /run/node/cores ] && [ -d /sys/devices/system/node ]; then
  mount --bind /run/node/cores /sys/devices/system/node
fi

# kubelet sets these kernel settings; here it finds them set, so the real machine keeps its own.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/proc/sys/${setting%=*}
  [ -e "$file" ] || continue
  copy=/run/settings/$(echo "${setting%=*}" | tr / .)
  echo "${setting#*=}" >"$copy"
  mount --bind "$copy" "$file"
done
exec "$@"
