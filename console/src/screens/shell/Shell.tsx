/** The frame around every screen: navigation by role, live state, sound, language, viewer. */
import { lazy, type ReactNode, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { mayAct, type ScreenName, screensOf, seesQueue, useViewer } from "../../api/session";
import { CrashBarrier } from "../../components/CrashBarrier";
import { Loading } from "../../components/Trouble";
import { ConsoleVoice } from "../../live/ConsoleVoice";

import { ForYou } from "../../live/ForYou";
import { LiveProvider } from "../../live/LiveProvider";
import { TakenOver } from "../../live/TakenOver";
import { AccountsPage } from "../accounts/AccountsPage";
import { AuditPage } from "../audit/AuditPage";
import { CamerasPage } from "../cameras/CamerasPage";
import { HandoverPage } from "../handover/HandoverPage";
import { HealthPage } from "../health/HealthPage";
import { IncidentPage } from "../incident/IncidentPage";
import { SheetPage } from "../incident/SheetPage";
import { MapPage } from "../map/MapPage";
import { NoisePage } from "../noise/NoisePage";
import { PhoneShell } from "../phone/PhoneShell";
import { QueuePage } from "../queue/QueuePage";
import { RevisitsPage } from "../revisits/RevisitsPage";
import { RulesPage } from "../rules/RulesPage";
import { StoragePage } from "../storage/StoragePage";
import { TicketsPage } from "../tickets/TicketsPage";
import { TimelinePage } from "../timeline/TimelinePage";
import { WallPage } from "../wall/WallPage";
import { Header } from "./Header";
import { NoPage } from "./NoPage";
import { SoundPrompt } from "./SoundControl";
import { ReachBanner, StaleBanner } from "./StaleBanner";

/** Few look at it, and its charts weigh as much as the rest of a page. */
const ReportsPage = lazy(() => import("../reports/ReportsPage"));

const PAGES: Record<ScreenName, ReactNode> = {
  queue: (
    <>
      <Route path="/queue" element={<QueuePage />} />
      <Route path="/incidents/:id" element={<IncidentPage />} />
      <Route path="/incidents/:id/supervision" element={<SheetPage />} />
    </>
  ),
  revisits: <Route path="/revisits" element={<RevisitsPage />} />,
  cameras: (
    <>
      <Route path="/cameras" element={<CamerasPage />} />
      <Route path="/cameras/:id" element={<CamerasPage />} />
    </>
  ),
  map: <Route path="/map" element={<MapPage />} />,
  handover: (
    <>
      <Route path="/handover" element={<HandoverPage />} />
      <Route path="/handover/:id" element={<HandoverPage />} />
    </>
  ),
  wall: <Route path="/wall" element={<WallPage />} />,
  timeline: <Route path="/timeline" element={<TimelinePage />} />,
  reports: (
    <Route
      path="/reports"
      element={
        <Suspense fallback={<Loading />}>
          <ReportsPage />
        </Suspense>
      }
    />
  ),
  storage: <Route path="/storage" element={<StoragePage />} />,
  tickets: <Route path="/tickets" element={<TicketsPage />} />,
  rules: (
    <>
      <Route path="/rules" element={<RulesPage />} />
      <Route path="/rules/:id" element={<RulesPage />} />
    </>
  ),
  noise: <Route path="/noise" element={<NoisePage />} />,
  health: <Route path="/health" element={<HealthPage />} />,
  accounts: <Route path="/accounts" element={<AccountsPage />} />,
  audit: <Route path="/audit" element={<AuditPage />} />,
};

export function Shell({ onSignedOut }: { onSignedOut: () => void }) {
  const { role } = useViewer();
  if (role === "unit") {
    return (
      <LiveProvider onSignedOut={onSignedOut} silent>
        <PhoneShell onSignedOut={onSignedOut} />
      </LiveProvider>
    );
  }
  const screens = screensOf(role);
  const page = (
    <div className="shell">
      <Header onSignedOut={onSignedOut} />
      {seesQueue(role) ? <StaleBanner /> : <ReachBanner />}
      {seesQueue(role) && <SoundPrompt />}
      {mayAct(role) && <ConsoleVoice />}
      {mayAct(role) && <TakenOver />}
      {seesQueue(role) && <ForYou />}
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
