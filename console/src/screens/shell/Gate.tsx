/** In front of everything: first start, sign-in, then the shell. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { client, need, ProblemError } from "../../api/client";
import { ViewerContext } from "../../api/session";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { SetupPage } from "../setup/SetupPage";
import { SignInPage } from "../signin/SignInPage";
import { Shell } from "./Shell";

export function Gate() {
  const { t, suggestLanguage, setZone } = useSpeech();
  const queries = useQueryClient();
  // The speech changes with every word that it says; only a new viewer is a reason to take their settings.
  const speech = useRef({ suggestLanguage, setZone });
  speech.current = { suggestLanguage, setZone };
  const [hadSession, setHadSession] = useState(false);
  const session = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => need(client.viewer(signal)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const signedOut = session.error instanceof ProblemError && session.error.problem.status === 401;
  const setup = useQuery({
    queryKey: ["setup"],
    queryFn: ({ signal }) => need(client.setup(signal)),
    enabled: signedOut,
  });

  const viewer = signedOut ? undefined : session.data;
  useEffect(() => {
    if (!viewer) return;
    setHadSession(true);
    speech.current.suggestLanguage(viewer.language);
    speech.current.setZone(viewer.site.timezone);
  }, [viewer]);

  const again = () => {
    // Nothing of the previous viewer may be left for the next one.
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    void queries.invalidateQueries({ queryKey: ["session"] });
  };

  if (viewer) {
    return (
      <ViewerContext.Provider value={viewer}>
        <Shell key={viewer.id} onSignedOut={again} />
      </ViewerContext.Provider>
    );
  }
  if (session.isPending) return <Loading />;
  if (!signedOut)
    return (
      <Trouble
        title={t.error.codes.unreachable ?? ""}
        error={session.error}
        onRetry={() => session.refetch()}
      />
    );
  if (setup.isPending) return <Loading />;
  if (setup.data?.needed) return <SetupPage onDone={again} />;
  return <SignInPage ended={hadSession} onDone={again} />;
}
