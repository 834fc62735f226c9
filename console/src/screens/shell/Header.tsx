import { GlobalOutlined, LogoutOutlined, SoundFilled, SoundOutlined, UserOutlined } from "@ant-design/icons";
import { Button, Dropdown, Tooltip } from "antd";
import { NavLink } from "react-router";
import { client } from "../../api/client";
import { screensOf, useViewer } from "../../api/session";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { useIncidents, useLive, useLiveIfAny } from "../../live/LiveProvider";
import { LinkState } from "./LinkState";

function SoundButton() {
  const { t } = useSpeech();
  const { sound, armSound, muteSound } = useLive();
  const armed = sound === "armed";
  return (
    <Tooltip title={armed ? t.sound.mute : t.sound.hint}>
      <button
        type="button"
        className={`sound sound-${sound}`}
        aria-pressed={armed}
        aria-label={armed ? t.sound.armed : t.sound.arm}
        onClick={armed ? muteSound : armSound}
      >
        {armed ? <SoundFilled /> : <SoundOutlined />}
        <span className="wide">{armed ? t.sound.armed : t.sound.muted}</span>
      </button>
    </Tooltip>
  );
}

function QueueCount() {
  const fresh = useIncidents().filter((i) => isOpen(i) && i.state === "new").length;
  return fresh > 0 ? <b className="nav-count">{fresh > 99 ? "99+" : fresh}</b> : null;
}

export function Header({ onSignedOut }: { onSignedOut: () => void }) {
  const { t, language, setLanguage } = useSpeech();
  const viewer = useViewer();
  const live = useLiveIfAny();

  const switchLanguage = () => {
    const next = language === "zh" ? "en" : "zh";
    setLanguage(next);
    void client.setLanguage(next);
  };
  const signOut = async () => {
    await client.signOut();
    onSignedOut();
  };

  return (
    <header className="header">
      <a className="skip" href="#content">
        {t.shell.skip}
      </a>
      <div className="header-brand">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span>{viewer.site.name}</span>
      </div>
      <nav className="header-nav">
        {screensOf(viewer.role).map((name) => (
          <NavLink key={name} to={`/${name}`}>
            {t.nav[name]}
            {name === "queue" && <QueueCount />}
          </NavLink>
        ))}
      </nav>
      <div className="header-tools">
        {live && <LinkState />}
        {live && <SoundButton />}
        <Button
          type="text"
          icon={<GlobalOutlined />}
          onClick={switchLanguage}
          lang={language === "zh" ? "en" : "zh-CN"}
          aria-label={t.lang.other}
        >
          <span className="wide">{t.lang.other}</span>
        </Button>
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              { key: "who", disabled: true, label: `${viewer.display_name} · ${t.role[viewer.role]}` },
              { type: "divider" },
              { key: "out", icon: <LogoutOutlined />, label: t.shell.signOut, onClick: () => void signOut() },
            ],
          }}
        >
          <Button
            type="text"
            icon={<UserOutlined />}
            aria-label={`${t.shell.account} ${viewer.display_name}`}
          >
            <span className="wide">{viewer.display_name}</span>
          </Button>
        </Dropdown>
      </div>
    </header>
  );
}
