import {
  FundProjectionScreenOutlined,
  GlobalOutlined,
  LogoutOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useEffect, useRef } from "react";
import { NavLink, useLocation, useNavigate } from "react-router";
import { client } from "../../api/client";
import { type ScreenName, screensOf, useViewer } from "../../api/session";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { useIncidents, useLiveIfAny } from "../../live/LiveProvider";
import { HandoverNotice } from "../handover/HandoverNotice";
import { useCounts } from "../queue/useCounts";
import { useRevisitCounts } from "../revisits/useRevisitCounts";
import { DeafNotice } from "./DeafNotice";
import { LinkState } from "./LinkState";
import { SoundControl } from "./SoundControl";
import "./shell.css";

function QueueCount() {
  const known = useIncidents().filter((i) => isOpen(i) && i.state === "new").length;
  const fresh = useCounts({})?.new ?? known;
  return fresh > 0 ? <b className="nav-count">{fresh > 99 ? "99+" : fresh}</b> : null;
}

/** What is late, and what people who are not content wait for. */
function RevisitCount() {
  const counts = useRevisitCounts();
  const due = (counts?.overdue ?? 0) + (counts?.discontent ?? 0);
  return due > 0 ? <b className="nav-count">{due > 99 ? "99+" : due}</b> : null;
}

/** The wall is another window's, not a place to go to in between. */
const inMenu = (name: ScreenName) => name !== "wall";

export function Header({ onSignedOut }: { onSignedOut: () => void }) {
  const { t, language, setLanguage } = useSpeech();
  const viewer = useViewer();
  const live = useLiveIfAny();
  const navigate = useNavigate();
  const nav = useRef<HTMLElement>(null);
  const place = useLocation().pathname.split("/")[1];

  // On a phone the menu is wider than the screen: where one is must be in sight.
  useEffect(() => {
    nav.current?.querySelector(`[href="/${place}"]`)?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [place]);

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
      <nav className="header-nav" ref={nav}>
        {screensOf(viewer.role)
          .filter(inMenu)
          .map((name) => (
            <NavLink key={name} to={`/${name}`}>
              {t.nav[name]}
              {name === "queue" && <QueueCount />}
              {name === "revisits" && <RevisitCount />}
            </NavLink>
          ))}
      </nav>
      <div className="header-tools">
        {live && <LinkState />}
        {live && <SoundControl />}
        {live && <DeafNotice />}
        <HandoverNotice />
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
              ...(screensOf(viewer.role).includes("wall")
                ? [
                    {
                      key: "wall",
                      icon: <FundProjectionScreenOutlined />,
                      label: t.nav.wall,
                      onClick: () => void navigate("/wall"),
                    },
                  ]
                : []),
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
