"""What runs on a device besides the programs themselves: POSIX sh for dash, busybox and Android's mksh. Constants; everything
that varies is an argument, quoted by `shlex.join`.

The first argument of KEEP, GUARD and UNPACK is a token drawn for this one run. They print it on standard output before anything
of theirs, because login scripts may print a greeting, and with the exit code on standard error at the very end, because the exit
codes of ssh and adb do not tell a failed program from a lost connection. They end when their standard input does: that is what a
device notices of a connection that is closed, of a client that is killed and of a cable that is pulled.
"""

# token parent...: makes a folder in the first parent where a program can be written and started, says its name, and removes it in
# the end. /tmp is often in memory, or mounted so that nothing in it can be started.
KEEP = """
token=$1
shift
echo "$token"
umask 077
trap "" HUP INT TERM PIPE
code=1
for parent; do
  folder=$(mktemp -d "$parent/dsnet-edge-XXXXXXXX") || continue
  if echo "exit 0" >"$folder/try" && chmod 700 "$folder/try" && "$folder/try"; then
    rm "$folder/try"
    echo "folder $folder"
    while read -r line; do :; done
    code=0
  fi
  cd /
  rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
  [ "$code" != 0 ] || break
done
echo "$token $code" >&2
"""

# token folder seconds program...: runs a program there, in a process group of its own, until it ends, standard input does, or its
# time is over; then nothing of the group is left. The group exists only once setsid runs, hence the second kill in the listener.
# KILL, because mksh loses a TERM that comes right after its fork.
GUARD = """
exec 3<&0 </dev/null
token=$1 folder=$2 seconds=$3
shift 3
echo "$token"
cd "$folder" || { echo "$token 125" >&2; exit 125; }
setsid timeout -s KILL "$seconds" "$@" 3<&- &
program=$!
(
  while read -r line; do :; done
  kill -KILL "-$program" || kill -KILL "$program"
) <&3 >/dev/null 2>&1 &
listener=$!
wait "$program"
code=$?
{
  kill -KILL "-$program"
  kill -KILL "$listener"
  wait "$listener"
} 2>/dev/null
echo "$token $code" >&2
"""

# token folder: unpacks standard input.
UNPACK = """
token=$1
echo "$token"
cd "$2" && tar -xof -
echo "$token $?" >&2
"""

# interval count n pattern*n command...: prints `count` frames, `interval` seconds apart. Patterns are expanded, never evaluated.
# A command is its words, separated by spaces. Every line of a file begins with a space. A watch must not disturb what is being
# measured: only commands, and the pause, start a process.
FRAMES = """
interval=$1 count=$2 patterns=$3
shift 3
IFS=
show() {
  size=0
  while { read -r line || [ -n "$line" ]; } && [ "$size" -le 4096 ]; do
    printf " %s\\n" "$line"
    size=$((size + ${#line} + 1))
  done
}
while :; do
  read -r uptime </proc/uptime
  printf "frame %s\\n" "$uptime"
  index=0
  for word; do
    if [ "$index" -lt "$patterns" ]; then
      for file in $word; do
        [ -f "$file" ] && [ -r "$file" ] || continue
        printf "file %s\\n" "$file"
        show 2>/dev/null <"$file"
      done
    elif text=$(set -f; IFS=" "; exec $word </dev/null 2>/dev/null); then
      printf "file %s\\n" "$word"
      printf "%s\\n" "$text" | show
    fi
    index=$((index + 1))
  done
  echo end
  count=$((count - 1))
  [ "$count" -gt 0 ] || break
  sleep "$interval"
done
"""
