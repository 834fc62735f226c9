/** Providers and routes; everything else lives in its screen. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import { useMemo } from "react";
import { BrowserRouter } from "react-router";
import { ProblemError } from "./api/client";
import { CrashBarrier } from "./components/CrashBarrier";
import { SpeechProvider, useSpeech } from "./i18n/context";
import { Gate } from "./screens/shell/Gate";

const theme = {
  token: {
    colorPrimary: "#1257b5",
    // Darker than usual, so that small letters can be read.
    colorLink: "#1257b5",
    colorError: "#c9131e",
    colorTextDescription: "#56616e",
    colorTextPlaceholder: "#5f6b78",
    borderRadius: 6,
    fontFamily:
      'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
    controlHeight: 34,
  },
  components: { Table: { cellPaddingBlock: 10, cellPaddingInline: 12 } },
};

/** Only a server that cannot be reached, or that failed itself, is worth asking again. */
function worthRetry(count: number, error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  return count < 2 && (error.problem.status === 0 || error.problem.status >= 500);
}

function Themed() {
  const { antd } = useSpeech();
  const queries = useMemo(
    () =>
      new QueryClient({
        defaultOptions: { queries: { retry: worthRetry, staleTime: 2_000, refetchOnWindowFocus: false } },
      }),
    [],
  );
  return (
    <ConfigProvider locale={antd} theme={theme} button={{ autoInsertSpace: false }}>
      <AntApp message={{ maxCount: 3 }}>
        <CrashBarrier>
          <QueryClientProvider client={queries}>
            <BrowserRouter>
              <Gate />
            </BrowserRouter>
          </QueryClientProvider>
        </CrashBarrier>
      </AntApp>
    </ConfigProvider>
  );
}

export function App() {
  return (
    <SpeechProvider>
      <Themed />
    </SpeechProvider>
  );
}
