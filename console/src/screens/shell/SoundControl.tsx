/** Whether the alarm would be heard, at all times; and how it is turned on, tried and muted. */
import { AlertOutlined, MutedOutlined, SoundFilled, SoundOutlined } from "@ant-design/icons";
import { Dropdown, type MenuProps } from "antd";
import { useSpeech } from "../../i18n/context";
import { useLive } from "../../live/LiveProvider";

const MUTES_MIN = [5, 15, 30];

export function SoundControl() {
  const { t, time } = useSpeech();
  const { sound, sounder } = useLive();
  if (sound.kind === "blocked") {
    return (
      <button
        type="button"
        className="sound sound-off"
        aria-pressed={false}
        title={sound.refused ? t.sound.refused : t.sound.armHint}
        onClick={() => void sounder.arm()}
      >
        <SoundOutlined />
        <span className="wide">{t.sound.blocked}</span>
        <span className="sr-only">{t.sound.arm}</span>
      </button>
    );
  }
  const muted = sound.kind === "muted";
  const ringing = sound.kind === "armed" && sound.ringing;
  const word = muted ? t.sound.mutedUntil(time.minute(sound.until_ms)) : t.sound.armed;
  const items: MenuProps["items"] = [
    ...(muted
      ? [{ key: "unmute", label: t.sound.unmute, onClick: () => sounder.unmute() }]
      : MUTES_MIN.map((minutes) => ({
          key: `mute-${minutes}`,
          label: t.sound.mute(minutes),
          onClick: () => sounder.mute(Date.now() + minutes * 60_000),
        }))),
    { type: "divider" },
    { key: "test", label: t.sound.test, onClick: () => sounder.test() },
    { key: "tones", label: t.sound.tones, onClick: () => sounder.demonstrate() },
    { type: "divider" },
    { key: "off", label: t.sound.off, onClick: () => void sounder.disarm() },
  ];
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <button
        type="button"
        className={`sound sound-${sound.kind} ${ringing ? "sound-ringing" : ""}`}
        aria-pressed={!muted}
        aria-haspopup="menu"
        title={ringing ? t.sound.ringing : t.sound.menu}
      >
        {muted ? <MutedOutlined /> : ringing ? <AlertOutlined /> : <SoundFilled />}
        <span className="wide">{word}</span>
        <span className="narrow">{muted ? time.minute(sound.until_ms) : ""}</span>
      </button>
    </Dropdown>
  );
}

/** After a reload the browser wants another click: until it comes, nobody must believe in the alarm. */
export function SoundPrompt() {
  const { t } = useSpeech();
  const { sound, sounder } = useLive();
  if (sound.kind !== "blocked" || !sound.wanted) return null;
  return (
    <div className="sound-prompt" role="alert">
      <span>{sound.refused ? t.sound.refused : t.sound.ask}</span>
      <button type="button" onClick={() => void sounder.arm()}>
        {t.sound.arm}
      </button>
    </div>
  );
}
