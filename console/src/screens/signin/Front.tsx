import type { ReactNode } from "react";
import { useSpeech } from "../../i18n/context";

/** The page around sign-in and first start. */
export function Front({ title, children }: { title: string; children: ReactNode }) {
  const { t, language, setLanguage } = useSpeech();
  return (
    <main className="front">
      <div className="front-card">
        <div className="front-head">
          <img src="/icon.svg" alt="" width="44" height="44" />
          <div>
            <div className="front-product">{t.product}</div>
            <div className="front-tagline">{t.tagline}</div>
          </div>
          <button
            type="button"
            className="front-language"
            lang={language === "zh" ? "en" : "zh-CN"}
            onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
          >
            {t.lang.other}
          </button>
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
