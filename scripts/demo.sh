#!/usr/bin/env bash
# A site on this machine: simulated cameras, the gateway, the console. `make demo` builds both programs before.
#
#   DEMO_VIDEO=DIR       videos that the simulated cameras play
#   DEMO_CAMERA=rtsp://  a real camera beside them, user and password in the address as usual
#   DEMO_CAMERA_SUB=...  its small stream, which is then the one that is analysed
#   DEMO_MODEL=FILE      a detector (ONNX), or a folder that holds yolox_nano_dyn.onnx
#   DEMO_PORT=8460       where the console is served; when it is taken, another one is chosen
#   DEMO_SECONDS=N       stop after so long, instead of at Ctrl-C
#   DEMO_DIR=demo-data   everything that is written; delete it to begin again
set -euo pipefail
cd "$(dirname "$0")/.."
# Passwords, recordings and logs are for nobody else on this machine.
umask 077

readonly PROGRAMS=${CARGO_TARGET_DIR:-target}/release
readonly DATA=${DEMO_DIR:-demo-data}
readonly SHARED=${SHARPEYES_SHARED:-../shared}
# A new model is loaded and compared with its manifest before it is taken.
export ORT_DYLIB_PATH=${ORT_DYLIB_PATH:-$PWD/.cache/onnxruntime/libonnxruntime.so}
readonly SITE=$DATA/site.toml ACCOUNTS=$DATA/accounts.txt
readonly CAMERA_USER=camera CAMERA_PASSWORD=simulated
readonly LEAST_CAMERAS=4 MOST_CAMERAS=8

# Chosen on the way. cameras: ID|FILE|START in the order of the console.
cameras=()
model=''
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

# The videos of a folder: those for which zones and rules are known (see `rules_for`) if they are enough, else all.
list_videos() {
  local name known=()
  for name in crowd6_derived intel_one_by_one_person hwy_cars intel_car_topdown hwy_cars_h265; do
    [[ ! -f $1/$name.mp4 ]] || known+=("$1/$name.mp4")
  done
  if ((${#known[@]} >= LEAST_CAMERAS)); then
    printf '%s\n' "${known[@]}"
    return
  fi
  find -L "$1" -maxdepth 1 -type f \
    \( -iname '*.mp4' -o -iname '*.mkv' -o -iname '*.avi' -o -iname '*.mov' -o -iname '*.ts' \) | sort
}

# Four moving test pictures, so that recording and live view have something to show.
make_patterns() {
  local folder=.cache/demo/patterns number
  mkdir -p "$folder"
  for number in 1 2 3 4; do
    if [[ ! -f $folder/pattern-$number.mp4 ]]; then
      ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=640x360:rate=12,hue=h=$((number * 80))" -t 20 \
        -c:v libx264 -preset veryfast -g 12 -bf 0 -pix_fmt yuv420p -f mp4 "$folder/pattern.part"
      mv "$folder/pattern.part" "$folder/pattern-$number.mp4"
    fi
  done
  printf '%s\n' "$folder"
}

choose_videos() {
  local folder=${DEMO_VIDEO:-} files=() file
  if [[ -n $folder ]]; then
    [[ -d $folder ]] || fail "DEMO_VIDEO: no such folder: $folder"
  elif [[ -d $SHARED/data/video ]]; then
    folder=$SHARED/data/video
  fi
  if [[ -n $folder ]]; then
    mapfile -t files < <(list_videos "$folder")
    ((${#files[@]} > 0)) || fail "no video (mp4, mkv, avi, mov, ts) in $folder"
    say "videos: $folder"
  else
    say "no videos: give a folder of surveillance videos as DEMO_VIDEO; the cameras show test patterns until then"
    say "没有视频：请用 DEMO_VIDEO 指定监控视频目录；在此之前摄像机只显示测试图案"
    folder=$(make_patterns)
    mapfile -t files < <(list_videos "$folder")
  fi

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
  setsid "$PROGRAMS/camsim" --port 0 --cache .cache/camsim --auth "$CAMERA_USER:$CAMERA_PASSWORD" \
    "${arguments[@]}" >"$DATA/camsim.ready" 2>"$DATA/camsim.log" </dev/null &
  camsim_pid=$!
  await "$camsim_pid" "$DATA/camsim.log" 900 grep -q '"ready":true' "$DATA/camsim.ready"
  camsim_port=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["port"])' <"$DATA/camsim.ready")
}

# --- detector -------------------------------------------------------------------------------------------------------

installed_model() { find "$DATA/models" -mindepth 2 -maxdepth 2 -name model.toml | sort | sed -n 1p; }

choose_model() {
  local file='' candidate manifest
  manifest=$(installed_model)
  if [[ -z $manifest ]]; then
    for candidate in "${DEMO_MODEL:-}" "${DEMO_MODEL:-}/yolox_nano_dyn.onnx" "$SHARED/data/models/yolox_nano_dyn.onnx"; do
      if [[ -z $file && -f $candidate ]]; then file=$candidate; fi
    done
    [[ -n $file || -z ${DEMO_MODEL:-} ]] || fail "DEMO_MODEL: neither a file nor a folder with yolox_nano_dyn.onnx: $DEMO_MODEL"
    if [[ -n $file ]]; then
      "$PROGRAMS/sharpeyes" model add --models "$DATA/models" yolox-nano --file "$file" --yes >&2
      manifest=$(installed_model)
    fi
  fi
  if [[ -n $manifest ]]; then
    model=$(basename "$(dirname "$manifest")")
    say "detector: $model"
  else
    say "no detector is installed: the cameras are recorded and shown live, but nothing raises an alarm. Add one with"
    say "  DEMO_MODEL=/path/to/yolox_nano_dyn.onnx make demo"
    say "没有检测模型：可以录像和看实时画面，但不会产生报警。用上面的命令添加模型。"
  fi
}

# --- site file ------------------------------------------------------------------------------------------------------

# A TOML string of any text.
quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# scene_of ID VIDEO: name, area and place of a simulated camera, NAME|AREA|PLACE.
scene_of() {
  local title
  title=$(basename "$(readlink "$2")")
  case $1 in
    crowd6_derived*) echo '服务大厅 Service hall|demo-town|crowded' ;;
    intel_one_by_one_person*) echo '泵房 Pump room|demo-reservoir|reservoir' ;;
    hwy_cars_h265*) echo '省道东段（H.265） Highway east|demo-town|junction' ;;
    hwy_cars*) echo '省道 Highway|demo-town|junction' ;;
    intel_car_topdown*) echo '粮站院内 Granary yard|demo-village|village' ;;
    pattern-*) echo "测试图案 Test pattern ${1#pattern-}|demo-village|village" ;;
    *) echo "${title%.*}|demo-village|village" ;;
  esac
}

# rule ID KIND CONDITION HOLD LEVEL [ZONE]
rule() {
  printf '\n[[camera.rule]]\nid = "%s"\nkind = "%s"\n%s\nhold = "%s"\nclear = "5s"\nlevel = "%s"\n' \
    "$1" "$2" "$3" "$4" "$5"
  [[ -z ${6:-} ]] || printf 'zone = "%s"\n' "$6"
}

# zone ID NAME POLYGON
zone() { printf '\n[[camera.zone]]\nid = "%s"\nname = "%s"\npolygon = %s\n' "$1" "$2" "$3"; }

# What is watched in a video; of an unknown one the whole picture.
rules_for() {
  local vehicles='classes = ["car", "truck", "bus"]' people='classes = ["person"]'
  case $1 in
    crowd6_derived*)
      zone hall '大厅地面 Hall floor' '[[0.0, 0.55], [1.0, 0.55], [1.0, 1.0], [0.0, 1.0]]'
      rule crowd crowding 'at_least = 3' 3s yellow hall
      ;;
    intel_one_by_one_person*)
      zone console '控制台旁 At the controls' '[[0.4, 0.6], [0.8, 0.6], [0.8, 1.0], [0.4, 1.0]]'
      rule nobody-here intrusion "$people" 2s red console
      ;;
    hwy_cars*)
      zone road '封闭路段 Closed road' '[[0.45, 0.4], [0.84, 0.4], [0.8, 1.0], [0.0, 1.0], [0.0, 0.85]]'
      rule closed-road intrusion "$vehicles" 1s blue road
      ;;
    intel_car_topdown*)
      zone yard '院内 Yard' '[[0.05, 0.05], [0.95, 0.05], [0.95, 1.0], [0.05, 1.0]]'
      rule no-vehicles intrusion "$vehicles" 1s blue yard
      ;;
    pattern-*) ;;
    *)
      rule crowd crowding 'at_least = 3' 3s yellow
      rule someone intrusion "$people" 2s blue
      ;;
  esac
}

# camera ID NAME AREA PLACE MAIN [SUB]: without [[camera.zone]] and [[camera.rule]].
camera() {
  printf '\n[[camera]]\nid = "%s"\nname = %s\narea = "%s"\nplace = "%s"\nmain = %s\n' \
    "$1" "$(quoted "$2")" "$3" "$4" "$(quoted "$5")"
  [[ -z ${6:-} ]] || printf 'sub = %s\n' "$(quoted "$6")"
}

# Without a detector no rule can be watched, and a site file that claims it is refused.
analysis() {
  if [[ -n $model ]]; then printf 'analyse = "%s"\n' "$1"; else printf 'analyse = "off"\n'; fi
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
  camera real-camera '现场摄像机 Real camera' demo-village village "${parts[0]}" "${parts[1]}"
  if [[ -n ${parts[2]:-} ]]; then
    printf 'username = %s\npassword = { file = "camera.password" }\n' "$(quoted "${parts[2]}")"
  fi
  if [[ -n ${parts[1]} ]]; then analysis sub; else analysis main; fi
  [[ -z $model ]] || rules_for real-camera
}

write_site() {
  local entry id file start name area place base
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
TOML
    for entry in "${cameras[@]}"; do
      IFS='|' read -r id file start <<<"$entry"
      IFS='|' read -r name area place <<<"$(scene_of "$id" "$file")"
      base=rtsp://127.0.0.1:$camsim_port/$id
      camera "$id" "$name" "$area" "$place" "$base/main" "$base/sub"
      printf 'username = "%s"\npassword = "%s"\n' "$CAMERA_USER" "$CAMERA_PASSWORD"
      case $id in
        pattern-*) printf 'analyse = "off"\n' ;;
        *) analysis sub ;;
      esac
      [[ -z $model ]] || rules_for "$id"
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

# One account for each role, with random passwords, once. NAME PASSWORD ROLE, one a line.
make_accounts() {
  local role display password
  touch "$ACCOUNTS"
  while IFS='|' read -r role display; do
    if grep -q "^$role " "$ACCOUNTS"; then continue; fi
    password=$(python3 -c '
import secrets
print("-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4)))')
    "$PROGRAMS/sharpeyes" account add -c "$SITE" "$role" --role "$role" --area demo-town \
      --display-name "$display" --password-stdin <<<"$password" >&2 \
      || fail "the account $role could not be made; delete $DATA to begin again"
    printf '%s %s %s\n' "$role" "$password" "$display" >>"$ACCOUNTS"
  done <<'ROLES'
operator|调度员 Operator
police|民警 Police officer
technician|运维员 Technician
administrator|管理员 Administrator
auditor|审计员 Auditor
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
  printf '  检测模型 Detector    %s\n\n' "${model:-未安装 none installed}"
  printf '  账号 Account      密码 Password\n'
  awk '{ printf "  %-16s  %s  %s", $1, $2, $3; for (i = 4; i <= NF; i++) printf " %s", $i; print "" }' "$ACCOUNTS"
  printf '\n  接警请用 operator 登录。 Sign in as operator to work the queue.\n'
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
