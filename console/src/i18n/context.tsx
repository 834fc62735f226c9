/** The viewer's language and the site's time zone, for every screen. */
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { Language } from "../api/types";
import { en } from "./en";
import { type Clockface, clockface } from "./format";
import { type Words, zh } from "./zh";

const KEY = "sharpeyes.language";

interface Speech {
  language: Language;
  t: Words;
  /** Times as people at the site read them. */
  time: Clockface;
  /** A choice of the person in front of the screen: kept in this browser. */
  setLanguage: (language: Language) => void;
  /** The account's language: taken unless something was chosen here. */
  suggestLanguage: (language: Language) => void;
  setZone: (zone: string | undefined) => void;
  antd: typeof zhCN;
}

const SpeechContext = createContext<Speech | null>(null);

/** What was chosen in this browser, if anything was. */
function remembered(): Language | null {
  const kept = localStorage.getItem(KEY);
  return kept === "zh" || kept === "en" ? kept : null;
}

export function SpeechProvider({ children }: { children: ReactNode }) {
  const [language, setLanguageState] = useState<Language>(() => remembered() ?? "zh");
  const [zone, setZone] = useState<string | undefined>(undefined);

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);

  const speech = useMemo<Speech>(
    () => ({
      language,
      t: language === "zh" ? zh : en,
      time: clockface(zone),
      setLanguage: (chosen) => {
        localStorage.setItem(KEY, chosen);
        setLanguageState(chosen);
      },
      suggestLanguage: (suggested) => setLanguageState(remembered() ?? suggested),
      setZone,
      antd: language === "zh" ? zhCN : enUS,
    }),
    [language, zone],
  );
  return <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error("useSpeech outside SpeechProvider");
  return speech;
}
