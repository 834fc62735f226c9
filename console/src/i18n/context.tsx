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
  setLanguage: (language: Language) => void;
  setZone: (zone: string | undefined) => void;
  antd: typeof zhCN;
}

const SpeechContext = createContext<Speech | null>(null);

function remembered(): Language {
  return localStorage.getItem(KEY) === "en" ? "en" : "zh";
}

export function SpeechProvider({ children }: { children: ReactNode }) {
  const [language, setLanguageState] = useState<Language>(remembered);
  const [zone, setZone] = useState<string | undefined>(undefined);

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    localStorage.setItem(KEY, language);
  }, [language]);

  const speech = useMemo<Speech>(
    () => ({
      language,
      t: language === "zh" ? zh : en,
      time: clockface(zone),
      setLanguage: setLanguageState,
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
