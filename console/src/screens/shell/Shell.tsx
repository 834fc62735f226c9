/** The frame around every screen: navigation by role, live state, sound, language, viewer. */
import type { ReactNode } from "react";
import { Navigate, Route, Routes } from "react-router";
import { type ScreenName, screensOf, seesQueue, useViewer } from "../../api/session";
import { CrashBarrier } from "../../components/CrashBarrier";
import { LiveProvider } from "../../live/LiveProvider";
import { AccountsPage } from "../accounts/AccountsPage";
import { AuditPage } from "../audit/AuditPage";
import { CamerasPage } from "../cameras/CamerasPage";
import { HealthPage } from "../health/HealthPage";
import { IncidentPage } from "../incident/IncidentPage";
import { SheetPage } from "../incident/SheetPage";
import { PhoneShell } from "../phone/PhoneShell";
import { QueuePage } from "../queue/QueuePage";
import { RulesPage } from "../rules/RulesPage";
import { StoragePage } from "../storage/StoragePage";
import { TicketsPage } from "../tickets/TicketsPage";
import { TimelinePage } from "../timeline/TimelinePage";
import { Header } from "./Header";
import { NoPage } from "./NoPage";
import { StaleBanner } from "./StaleBanner";

const PAGES: Record<ScreenName, ReactNode> = {
  queue: (
    <>
      <Route path="/queue" element={<QueuePage />} />
      <Route path="/incidents/:id" element={<IncidentPage />} />
      <Route path="/incidents/:id/supervision" element={<SheetPage />} />
    </>
  ),
  cameras: (
    <>
      <Route path="/cameras" element={<CamerasPage />} />
      <Route path="/cameras/:id" element={<CamerasPage />} />
    </>
  ),
  timeline: <Route path="/timeline" element={<TimelinePage />} />,
  storage: <Route path="/storage" element={<StoragePage />} />,
  tickets: <Route path="/tickets" element={<TicketsPage />} />,
  rules: (
    <>
      <Route path="/rules" element={<RulesPage />} />
      <Route path="/rules/:id" element={<RulesPage />} />
    </>
  ),
  health: <Route path="/health" element={<HealthPage />} />,
  accounts: <Route path="/accounts" element={<AccountsPage />} />,
  audit: <Route path="/audit" element={<AuditPage />} />,
};

export function Shell({ onSignedOut }: { onSignedOut: () => void }) {
  const { role } = useViewer();
  if (role === "unit") {
    return (
      <LiveProvider onSignedOut={onSignedOut}>
        <PhoneShell onSignedOut={onSignedOut} />
      </LiveProvider>
    );
  }
  const screens = screensOf(role);
  const page = (
    <div className="shell">
      <Header onSignedOut={onSignedOut} />
      {seesQueue(role) && <StaleBanner />}
      <main className="shell-main" id="content">
        <CrashBarrier>
          <Routes>
            <Route path="/" element={<Navigate to={`/${screens[0] ?? ""}`} replace />} />
            {screens.map((name) => (
              <Route key={name}>{PAGES[name]}</Route>
            ))}
            <Route path="*" element={<NoPage />} />
          </Routes>
        </CrashBarrier>
      </main>
    </div>
  );
  return seesQueue(role) ? <LiveProvider onSignedOut={onSignedOut}>{page}</LiveProvider> : page;
}
