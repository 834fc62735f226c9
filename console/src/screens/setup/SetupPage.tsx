import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { client } from "../../api/client";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { Front } from "../signin/Front";

interface Fields {
  code: string;
  name: string;
  password: string;
  repeat: string;
}

/** The first administrator, made with the code that the service printed at its first start. */
export function SetupPage({ onDone }: { onDone: () => void }) {
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const submit = async ({ code, name, password }: Fields) => {
    setBusy(true);
    const answer = await client.finishSetup(code.trim(), name.trim(), password);
    setBusy(false);
    if (answer.kind === "ok") onDone();
    else if (answer.kind === "error") setRefusal(problemText(t, answer.problem));
  };

  return (
    <Front title={t.setup.title}>
      <p className="front-intro">{t.setup.intro}</p>
      {refusal && <Alert type="error" title={refusal} showIcon className="front-alert" />}
      <Form<Fields> layout="vertical" onFinish={submit} requiredMark={false} size="large">
        <Form.Item name="code" label={t.setup.code} rules={[{ required: true, message: t.setup.needCode }]}>
          <Input autoFocus autoComplete="one-time-code" spellCheck={false} />
        </Form.Item>
        <Form.Item name="name" label={t.setup.name} rules={[{ required: true, message: t.signIn.needName }]}>
          <Input autoComplete="username" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="password"
          label={t.setup.password}
          rules={[{ required: true, message: t.signIn.needPassword }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="repeat"
          label={t.setup.repeat}
          dependencies={["password"]}
          rules={[
            { required: true, message: t.signIn.needPassword },
            ({ getFieldValue }) => ({
              validator: (_rule, value: string) =>
                value === getFieldValue("password")
                  ? Promise.resolve()
                  : Promise.reject(new Error(t.setup.mismatch)),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t.setup.submit}
        </Button>
      </Form>
    </Front>
  );
}
