#!/usr/bin/env bash
# A site on this machine: simulated cameras, the gateway, the console. `make demo` builds both programs before.
#
#   DEMO_VIDEO=DIR       videos that the simulated cameras play, instead of our own footage; NAME.camera.toml beside
#                        NAME.mp4 says how its camera is called and what is watched there, as in tests/footage
#   DEMO_CAMERA=rtsp://  a real camera beside them, user and password in the address as usual
#   DEMO_CAMERA_SUB=...  its small stream, which is then the one that is analysed
#   DEMO_MODEL=NAME      another detector than the built-in one: a name that `sharpeyes model list` knows, or an ONNX
#                        file of one
#   DEMO_PORT=8460       where the console is served; when it is taken, another one is chosen
#   DEMO_SECONDS=N       stop after so long, instead of at Ctrl-C
#   DEMO_DIR=demo-data   everything that is written; delete it to begin again
set -euo pipefail
cd "$(dirname "$0")/.."
# Passwords, recordings and logs are for nobody else on this machine.
umask 077

readonly PROGRAMS=${CARGO_TARGET_DIR:-target}/release
readonly DATA=${DEMO_DIR:-demo-data}
readonly FOOTAGE=tests/footage
# A further model is loaded and compared with its manifest before it is taken.
export ORT_DYLIB_PATH=${ORT_DYLIB_PATH:-$PWD/.cache/onnxruntime/libonnxruntime.so}
readonly SITE=$DATA/site.toml ACCOUNTS=$DATA/accounts.txt
readonly CAMERA_USER=camera CAMERA_PASSWORD=simulated
readonly LEAST_CAMERAS=4 MOST_CAMERAS=8

# Chosen on the way. cameras: ID|FILE|START in the order of the console. model: what the site file names, if anything.
cameras=()
model='' detector=''
camsim_pid='' camsim_port='' gateway_pid='' address=''

# A reader that went away (`make demo | head`) is no reason to leave programs behind.
say() { printf 'demo: %s\n' "$*" >&2 || true; }
fail() {
  say "$@"
  exit 1
}

# Both children live in sessions of their own, so that Ctrl-C reaches them once and in this order.
stop_all() {
  trap '' INT TERM HUP PIPE
  stop "$gateway_pid" gateway
  stop "$camsim_pid" cameras
  gateway_pid='' camsim_pid=''
}

# stop PID NAME: asks, waits, and insists in the end.
stop() {
  [[ -n $1 ]] && kill -0 "$1" 2>/dev/null || return 0
  say "stopping the $2"
  kill -TERM "$1" 2>/dev/null || return 0
  local deadline=$((SECONDS + 40))
  while kill -0 "$1" 2>/dev/null; do
    if ((SECONDS > deadline)); then
      say "the $2 did not stop in time and is killed"
      kill -KILL "$1" 2>/dev/null || true
    fi
    sleep 0.1
  done
  wait "$1" 2>/dev/null || true
}

# await PID LOG SECONDS CONDITION...: until the condition holds, as long as the process lives.
await() {
  local pid=$1 log=$2 deadline=$((SECONDS + $3))
  shift 3
  until "$@"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$log" >&2
      fail "it ended; its log is $log"
    fi
    if ((SECONDS > deadline)); then
      tail -n 20 "$log" >&2
      fail "no answer in time; its log is $log"
    fi
    sleep 0.1
  done
}

# --- videos ---------------------------------------------------------------------------------------------------------

# A name as the site file wants it: 1 to 64 of a-z 0-9 - _.
identifier() {
  local id
  id=$(basename "$1")
  id=$(LC_ALL=C tr '[:upper:]' '[:lower:]' <<<"${id%.*}" | LC_ALL=C tr -c 'a-z0-9_\n' '-' | cut -c 1-50)
  printf '%s\n' "$id" | sed 's/-\{2,\}/-/g; s/^[-_]*//; s/[-_]*$//; s/^$/camera/'
}

list_videos() {
  find -L "$1" -maxdepth 1 -type f \
    \( -iname '*.mp4' -o -iname '*.mkv' -o -iname '*.avi' -o -iname '*.mov' -o -iname '*.ts' \) | sort
}

choose_videos() {
  local folder=${DEMO_VIDEO:-$FOOTAGE} files=() file
  [[ -d $folder ]] || fail "no such folder of videos: $folder"
  mapfile -t files < <(list_videos "$folder")
  ((${#files[@]} > 0)) || fail "no video (mp4, mkv, avi, mov, ts) in $folder"
  say "videos: $folder"

  local n=${#files[@]} count position round id taken=' '
  count=$((n < LEAST_CAMERAS ? LEAST_CAMERAS : n > MOST_CAMERAS ? MOST_CAMERAS : n))
  ((n <= MOST_CAMERAS)) || say "the first $MOST_CAMERAS of $n videos are played"
  # camsim separates options by commas, so it is given names without any.
  rm -rf "$DATA/video"
  mkdir -p "$DATA/video"
  for ((position = 0; position < count; position++)); do
    file=${files[position % n]}
    id=$(identifier "$file")
    [[ $taken != *" $id "* ]] || id=$id-$((position + 1))
    taken+="$id "
    ln -s "$(realpath -s "$file")" "$DATA/video/$id.${file##*.}"
    [[ ! -f ${file%.*}.camera.toml ]] || cp "${file%.*}.camera.toml" "$DATA/video/$id.camera.toml"
    # A video that is played twice is shown from another place on.
    round=$((position / n))
    cameras+=("$id|$DATA/video/$id.${file##*.}|$((round * 7))")
  done
}

start_cameras() {
  local arguments=() entry id file start
  for entry in "${cameras[@]}"; do
    IFS='|' read -r id file start <<<"$entry"
    arguments+=(--camera "$id=$file,start=$start")
  done
  say "starting ${#cameras[@]} simulated cameras (videos are encoded the first time: this can take minutes)"
  : >"$DATA/camsim.ready"
  setsid "$PROGRAMS/camsim" --port 0 --cache .cache/camsim --auth "$CAMERA_USER:$CAMERA_PASSWORD" \
    "${arguments[@]}" >"$DATA/camsim.ready" 2>"$DATA/camsim.log" </dev/null &
  camsim_pid=$!
  await "$camsim_pid" "$DATA/camsim.log" 900 grep -q '"ready":true' "$DATA/camsim.ready"
  camsim_port=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["port"])' <"$DATA/camsim.ready")
}

# --- detector -------------------------------------------------------------------------------------------------------

# Without DEMO_MODEL the built-in one is used, which no site file has to name.
choose_model() {
  local wanted=${DEMO_MODEL:-} what
  if [[ -n $wanted && -f $DATA/models/$wanted/model.toml ]]; then
    model=$wanted
  elif [[ -n $wanted ]]; then
    what=("$wanted")
    [[ ! -f $wanted ]] || what=(--file "$wanted")
    model=$("$PROGRAMS/sharpeyes" model add --models "$DATA/models" "${what[@]}" | sed -n 's/ is installed in .*//p') \
      || fail "DEMO_MODEL: $wanted could not be installed"
  fi
  # The built-in one is the first of the list.
  detector=${model:-$(SHARPEYES_LOG=error "$PROGRAMS/sharpeyes" model list --models "$DATA/models" | sed -n '1s/ .*//p')}
  say "detector: $detector"
}

# --- site file ------------------------------------------------------------------------------------------------------

# A TOML string of any text.
quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# area_of PLACE: where a camera of that kind stands in the demo's little town.
area_of() {
  case $1 in
    reservoir) echo demo-reservoir ;;
    village) echo demo-village ;;
    *) echo demo-town ;;
  esac
}

# place_of ID: where a camera of our own footage stands on the demo's plan; others are listed beside it.
place_of() {
  case $1 in
    lane_night) echo '0.15, 0.68' ;;
    market_rain) echo '0.11, 0.39' ;;
    reservoir_bank) echo '0.90, 0.34' ;;
    road_junction) echo '0.50, 0.52' ;;
    village_gate_quiet) echo '0.34, 0.78' ;;
    village_square) echo '0.36, 0.405' ;;
  esac
}

# What is watched where nobody says otherwise: the whole picture.
readonly USUAL_RULES='
[[camera.rule]]
id = "crowd"
kind = "crowding"
at_least = 3
hold = "3s"
clear = "5s"
level = "yellow"

[[camera.rule]]
id = "someone"
kind = "intrusion"
classes = ["person"]
hold = "2s"
clear = "5s"
level = "blue"
'

# camera ID AREA MAIN [SUB]: the beginning of a [[camera]]; its name, place, zones and rules follow.
camera() {
  printf '\n[[camera]]\nid = "%s"\narea = "%s"\nmain = %s\n' "$1" "$2" "$(quoted "$3")"
  if [[ -n ${4:-} ]]; then
    printf 'sub = %s\nanalyse = "sub"\n' "$(quoted "$4")"
  else
    printf 'analyse = "main"\n'
  fi
}

# simulated_camera ID VIDEO
simulated_camera() {
  local base=rtsp://127.0.0.1:$camsim_port/$1 description=${2%.*}.camera.toml place=village title at
  [[ ! -f $description ]] || place=$(sed -n 's/^place *= *"\(.*\)".*/\1/p' "$description" | sed -n 1p)
  camera "$1" "$(area_of "$place")" "$base/main" "$base/sub"
  printf 'username = "%s"\npassword = "%s"\n' "$CAMERA_USER" "$CAMERA_PASSWORD"
  at=$(place_of "$1")
  [[ -z $at ]] || printf 'at = [%s]\n' "$at"
  if [[ -f $description ]]; then
    cat "$description"
  else
    title=$(basename "$(readlink "$2")")
    printf 'name = %s\nplace = "%s"\n%s' "$(quoted "${title%.*}")" "$place" "$USUAL_RULES"
  fi
}

# DEMO_CAMERA: user and password leave the address here and go into a file that only its owner reads.
real_camera() {
  local parts=()
  mapfile -t parts < <(python3 - "$DATA/camera.password" <<'PYTHON'
import os, sys
from urllib.parse import unquote, urlsplit, urlunsplit

def bare(name):
    url = urlsplit(os.environ.get(name, ""))
    return url, urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))

url, main = bare("DEMO_CAMERA")
if url.scheme not in ("rtsp", "rtsps") or not url.hostname:
    sys.exit("DEMO_CAMERA: expected rtsp://USER:PASSWORD@HOST/PATH")
if url.username:
    with open(sys.argv[1], "w") as file:
        file.write(unquote(url.password or ""))
print(main, bare("DEMO_CAMERA_SUB")[1], unquote(url.username or ""), sep="\n")
PYTHON
  )
  ((${#parts[@]} >= 2)) || fail "DEMO_CAMERA is not usable"
  camera real-camera demo-village "${parts[0]}" "${parts[1]}"
  if [[ -n ${parts[2]:-} ]]; then
    printf 'username = %s\npassword = { file = "camera.password" }\n' "$(quoted "${parts[2]}")"
  fi
  printf 'name = "现场摄像机 Real camera"\nplace = "village"\n%s' "$USUAL_RULES"
}

write_site() {
  local entry id file start
  {
    cat <<TOML
# Written by \`make demo\` at each start. A commented example of every key: config/examples/site.toml.

[site]
name = "演示镇综治中心 Demo township"
timezone = "Asia/Shanghai"
data_dir = "."

[server]
listen = "127.0.0.1:$(choose_port)"

[storage]
segment = "20s" # short, so that the first recording is soon complete

[incident]
correlation = "60s"
pre_roll = "10s"
post_roll = "5s"

[inference]
runtime = $(quoted "$(realpath "$ORT_DYLIB_PATH")")
TOML
    [[ -z $model ]] || printf 'default_model = "%s"\n' "$model"
    # Only our own footage plays in a town that has a plan.
    [[ -n ${DEMO_VIDEO:-} ]] || printf '\n[map]\nplan = %s\n' "$(quoted "$PWD/scripts/demo-plan.svg")"
    cat <<'TOML'

[[area]]
id = "demo-town"
name = "演示镇"
kind = "township"

[[area]]
id = "demo-village"
name = "演示村"
parent = "demo-town"
kind = "village"

[[area]]
id = "demo-reservoir"
name = "演示水库"
parent = "demo-town"
kind = "village"

[[unit]]
id = "patrol"
name = "综治巡防队 Patrol"
kind = "team"

[[unit]]
id = "traffic"
name = "交警中队 Traffic police"

[[unit]]
id = "water"
name = "水务站 Water station"
areas = ["demo-reservoir"]

[[unit]]
id = "village-grid"
name = "演示村网格 Village grid"
kind = "grid"
areas = ["demo-village"]
TOML
    for entry in "${cameras[@]}"; do
      IFS='|' read -r id file start <<<"$entry"
      simulated_camera "$id" "$file"
    done
    [[ -z ${DEMO_CAMERA:-} ]] || real_camera
  } >"$SITE"
  "$PROGRAMS/sharpeyes" config check -c "$SITE" >&2
}

# DEMO_PORT if it is free, else 0: the system chooses.
choose_port() {
  python3 - "${DEMO_PORT:-8460}" <<'PYTHON'
import socket, sys

port = int(sys.argv[1])
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError as error:
        print(f"demo: port {port}: {error.strerror}; taking a free one instead", file=sys.stderr)
        port = 0
print(port)
PYTHON
}

# --- accounts and gateway -------------------------------------------------------------------------------------------

# One account for each role, and a grid worker beside; with random passwords, once. NAME PASSWORD ROLE, one a line.
make_accounts() {
  local name role unit display password
  touch "$ACCOUNTS"
  while IFS='|' read -r name role unit display; do
    if grep -q "^$name " "$ACCOUNTS"; then continue; fi
    password=$(python3 -c '
import secrets
print("-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4)))')
    "$PROGRAMS/sharpeyes" account add -c "$SITE" "$name" --role "$role" --area demo-town ${unit:+--unit "$unit"} \
      --display-name "$display" --password-stdin <<<"$password" >&2 \
      || fail "the account $name could not be made; delete $DATA to begin again"
    printf '%s %s %s\n' "$name" "$password" "$display" >>"$ACCOUNTS"
  done <<'ROLES'
operator|operator||调度员 Operator
patrol|unit|patrol|巡防队员 Patrol officer
grid|unit|village-grid|网格员 Grid worker
police|police||民警 Police officer
technician|technician||运维员 Technician
administrator|administrator||管理员 Administrator
auditor|auditor||审计员 Auditor
ROLES
}

is_listening() {
  address=$(sed -n 's/^listening on \(http.*\)$/\1/p' "$DATA/gateway.out" | head -n 1)
  [[ -n $address ]]
}

is_healthy() {
  python3 - "$address/api/v1/health" 2>/dev/null <<'PYTHON'
import sys, urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
    sys.exit(answer.status != 200)
PYTHON
}

start_gateway() {
  setsid "$PROGRAMS/sharpeyes" run -c "$SITE" >"$DATA/gateway.out" 2>"$DATA/gateway.log" </dev/null &
  gateway_pid=$!
  await "$gateway_pid" "$DATA/gateway.log" 60 is_listening
  await "$gateway_pid" "$DATA/gateway.log" 60 is_healthy
}

print_box() {
  local rule=----------------------------------------------------------------------
  printf '\n%s\n' "$rule"
  printf '  Sharp Eyes 演示已启动 / the demo is running\n\n'
  printf '  打开网址 Open        %s\n' "$address"
  printf '  摄像机 Cameras       %s%s\n' "${#cameras[@]}" "${DEMO_CAMERA:+ + 1}"
  printf '  检测模型 Detector    %s\n\n' "$detector"
  printf '  账号 Account      密码 Password\n'
  awk '{ printf "  %-16s  %s  %s", $1, $2, $3; for (i = 4; i <= NF; i++) printf " %s", $i; print "" }' "$ACCOUNTS"
  printf '\n  接警请用 operator 登录；手机上用 patrol 或 grid。\n'
  printf '  Sign in as operator to work the queue; on a phone as patrol or grid.\n'
  printf '  日志 Logs            %s\n' "$DATA/gateway.log, $DATA/camsim.log"
  printf '  重新开始 Begin again  rm -r %s\n' "$DATA"
  printf '  停止 Stop            %s\n' "${DEMO_SECONDS:+after $DEMO_SECONDS s, or }Ctrl-C"
  printf '%s\n\n' "$rule"
}

# Until Ctrl-C, the end of DEMO_SECONDS, or the end of either program (which is then a failure).
run_until_end() {
  local deadline=$((SECONDS + ${DEMO_SECONDS:-0}))
  while [[ -z ${DEMO_SECONDS:-} ]] || ((SECONDS < deadline)); do
    kill -0 "$gateway_pid" 2>/dev/null || { tail -n 20 "$DATA/gateway.log" >&2; fail "the gateway ended; see $DATA/gateway.log"; }
    kill -0 "$camsim_pid" 2>/dev/null || { tail -n 20 "$DATA/camsim.log" >&2; fail "the cameras ended; see $DATA/camsim.log"; }
    sleep 0.5
  done
}

trap stop_all EXIT
trap 'exit 0' INT TERM
trap 'exit 1' HUP PIPE
trap 'say "failed at line $LINENO"' ERR
mkdir -p "$DATA/models"
choose_videos
choose_model
start_cameras
write_site
make_accounts
start_gateway
print_box
run_until_end
