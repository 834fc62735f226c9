/** The frame for people of units: no menus but their own two pages. Made for one thumb, and usable on a desk. */
import { CarryOutOutlined, FormOutlined, LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { Navigate, NavLink, Route, Routes } from "react-router";
import { client } from "../../api/client";
import { useViewer } from "../../api/session";
import { CrashBarrier } from "../../components/CrashBarrier";
import { useSpeech } from "../../i18n/context";
import { ForYou } from "../../live/ForYou";
import { useIncidents } from "../../live/LiveProvider";
import { LinkState } from "../shell/LinkState";
import { NoPage } from "../shell/NoPage";
import { StaleBanner } from "../shell/StaleBanner";
import { tasksOf } from "./order";
import { PhoneVoice } from "./PhoneVoice";
import { ReportPage } from "./ReportPage";
import { TaskPage } from "./TaskPage";
import { TasksPage } from "./TasksPage";
import { useCentre } from "./useCentre";
import "./phone.css";

export function PhoneShell({ onSignedOut }: { onSignedOut: () => void }) {
  return (
    <div className="phone">
      <PhoneHeader onSignedOut={onSignedOut} />
      <StaleBanner />
      <ForYou />
      <PhoneVoice />
      <main className="phone-main" id="content">
        <CrashBarrier>
          <Routes>
            <Route path="/tasks" element={<TasksPage />} />
            <Route path="/incidents/:id" element={<TaskPage />} />
            <Route path="/report" element={<ReportPage />} />
            {["/", "/queue"].map((path) => (
              <Route key={path} path={path} element={<Navigate to="/tasks" replace />} />
            ))}
            <Route path="*" element={<NoPage />} />
          </Routes>
        </CrashBarrier>
      </main>
      <Routes>
        <Route path="/incidents/:id" element={null} />
        <Route path="*" element={<Tabs />} />
      </Routes>
    </div>
  );
}

function PhoneHeader({ onSignedOut }: { onSignedOut: () => void }) {
  const { t, language, setLanguage } = useSpeech();
  const viewer = useViewer();
  const { unitName } = useCentre();
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
    <header className="phone-header">
      <img src="/icon.svg" alt="" width="24" height="24" />
      <span className="phone-who">
        <b>{viewer.unit ? unitName(viewer.unit) : viewer.site.name}</b>
        <span>{viewer.site.name}</span>
      </span>
      <LinkState />
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "who", disabled: true, label: `${viewer.display_name} · ${t.role[viewer.role]}` },
            { key: "language", label: t.lang.other, onClick: switchLanguage },
            { type: "divider" },
            { key: "out", icon: <LogoutOutlined />, label: t.shell.signOut, onClick: () => void signOut() },
          ],
        }}
      >
        <Button
          type="text"
          size="large"
          icon={<UserOutlined />}
          aria-label={`${t.shell.account} ${viewer.display_name}`}
        />
      </Dropdown>
    </header>
  );
}

function Tabs() {
  const { t } = useSpeech();
  const { unit } = useViewer();
  const incidents = useIncidents();
  const n = unit ? tasksOf(incidents, unit).todo.length : 0;
  return (
    <nav className="phone-tabs" aria-label={t.phone.nav}>
      <NavLink to="/tasks">
        <CarryOutOutlined aria-hidden="true" /> {t.phone.tasks}
        {n > 0 && <b className="nav-count">{n > 99 ? "99+" : n}</b>}
      </NavLink>
      <NavLink to="/report">
        <FormOutlined aria-hidden="true" /> {t.phone.report}
      </NavLink>
    </nav>
  );
}
