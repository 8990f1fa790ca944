import { RunStatus, StepKind, StepStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { tool } from './support/fake-mcp.ts';
import { configurationOf, URL_OF_SKILL } from './support/configuration.ts';
import { type SentEvent } from './support/events.ts';
import { containing, createFixture, type Fixture } from './support/fixture.ts';

/** One event through a dispatcher of its own. */
async function runOf(fixture: Fixture, event: SentEvent = {}) {
  await using dispatcher = await fixture.start();
  const [eventId] = await dispatcher.deliver(event);
  // Awaited here, while the dispatcher is still there.
  return await fixture.finished(eventId!);
}

const calling = (toolName: string, args = {}) =>
  configurationOf({
    trigger: { action: { case: 'toolCall', value: { tool: toolName, arguments: JSON.stringify(args) } } },
  });

describe('a trigger that calls a tool', () => {
  it('lists the tools, calls the one it names with the rendered arguments, and records both', async () => {
    await using fixture = await createFixture();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const run = await runOf(fixture, { traceparent });
    expect(run).toMatchObject({
      status: RunStatus.SUCCEEDED,
      trigger: 'on-invoice',
      agent: 'clerk',
      attempts: 1,
      warnings: [],
      output: '',
      steps: [
        { number: 1, kind: StepKind.TOOLS_LIST, status: StepStatus.SUCCEEDED, skill: 'invoices' },
        {
          number: 2,
          kind: StepKind.TOOL_CALL,
          status: StepStatus.SUCCEEDED,
          skill: 'invoices',
          tool: 'save',
          arguments: '{"id":"inv-1"}',
        },
      ],
    });
    expect(JSON.parse(run.steps[0]!.result)).toEqual(['save']);
    expect(fixture.mcp.calls).toMatchObject([
      {
        name: 'save',
        arguments: { id: 'inv-1' },
        traceparent,
        idempotencyKey: `${run.id}:call`,
        server: { url: URL_OF_SKILL, headers: { authorization: 'Bearer sk-secret-of-the-skill' } },
      },
    ]);
  });

  it('warns of fields the event does not have, and runs', async () => {
    await using fixture = await createFixture(
      calling('save', { id: '{{ .payload.nothing }}', text: 'x{{ .payload.y }}' }),
    );
    const run = await runOf(fixture);
    expect(run.status).toBe(RunStatus.SUCCEEDED);
    expect(run.warnings).toEqual(['the event has no .payload.nothing', 'the event has no .payload.y']);
    expect(fixture.mcp.calls[0]!.arguments).toEqual({ text: 'x' });
  });

  it('keeps every digit of a large integer', async () => {
    const args = { id: '{{ .payload.id }}', text: 'no. {{ .payload.id }}' };
    await using fixture = await createFixture(calling('save', args));
    const schema = { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] };
    fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', { inputSchema: schema })] };
    const run = await runOf(fixture, { payload: '{"id":12345678901234567890}' });
    expect(run.error?.message).toBeUndefined();
    const sent = JSON.stringify(fixture.mcp.calls[0]!.arguments);
    expect(sent).toBe('{"id":12345678901234567890,"text":"no. 12345678901234567890"}');
  });

  it('carries a large event as it was sent', async () => {
    await using fixture = await createFixture(calling('save', { all: '{{ .payload }}' }));
    const schema = { type: 'object', properties: { all: { type: 'object', required: ['n'] } } };
    fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', { inputSchema: schema })] };
    const payload = `{"n":1.10,"big":1e400,"half":"\\ud800","text":"${'x'.repeat(100_000)}"}`;
    const run = await runOf(fixture, { payload });
    expect(run.error?.message).toBeUndefined();
    expect(JSON.stringify(fixture.mcp.calls[0]!.arguments)).toBe(`{"all":${payload}}`);
    expect(run.steps[1]!.arguments).toBe(`{"all":${payload}}`);
  });

  it('fails for good when its template takes too much work', async () => {
    const loops = '{{ range $.payload.l }}'.repeat(8) + '{{ end }}'.repeat(8);
    await using fixture = await createFixture(calling('save', { a: loops }));
    const run = await runOf(fixture, { payload: '{"l":[1,2,3,4,5,6,7,8]}' });
    expect(run).toMatchObject({ status: RunStatus.FAILED, attempts: 1 });
    expect(run.error).toMatchObject({ code: 'template_output_too_large', message: containing('nested "range"') });
    expect(fixture.mcp.calls).toEqual([]);
  });

  it('fails when the tool answers with an error, and shows the answer', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => ({ isError: true, content: [{ type: 'text', text: 'the disk is full' }] });
    const run = await runOf(fixture);
    expect(run.status).toBe(RunStatus.FAILED);
    expect(run.error).toMatchObject({
      code: 'tool_reported_error',
      message: containing('the disk is full'),
    });
    expect(run.steps[1]).toMatchObject({ status: StepStatus.SUCCEEDED });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('does not call with arguments the schema refuses, and says which', async () => {
    await using fixture = await createFixture();
    const schema = { type: 'object', properties: { id: { type: 'number' } }, required: ['id', 'total'] };
    fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', { inputSchema: schema })] };
    const run = await runOf(fixture);
    expect(run.error).toMatchObject({
      code: 'arguments_invalid',
      message: containing('id must be number'),
    });
    expect(run.error!.message).toContain("required property 'total'");
    expect(fixture.mcp.calls).toEqual([]);
  });

  it('calls with a warning when the schema itself does not compile', async () => {
    await using fixture = await createFixture();
    fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', { inputSchema: { type: 'objekt' } })] };
    const run = await runOf(fixture);
    expect(run.status).toBe(RunStatus.SUCCEEDED);
    expect(run.warnings).toEqual([containing('does not compile')]);
  });

  it('names what is offered when the tool is not', async () => {
    await using fixture = await createFixture(calling('delete'));
    const run = await runOf(fixture);
    expect(run.error).toMatchObject({ code: 'tool_not_found', message: containing('invoices/save') });
  });

  it('asks for "skill/tool" where two skills offer the name, and takes it', async () => {
    const two = calling('save');
    const [skill] = two.skills;
    two.skills.push({ ...skill!, id: 'skl_2', name: 'archive', mcpServerUrl: 'https://archive.example.com/mcp' });
    two.agents[0]!.skillIds.push('skl_2');
    await using fixture = await createFixture(two);
    fixture.mcp.tools['https://archive.example.com/mcp'] = [tool('save')];
    const run = await runOf(fixture);
    expect(run.error).toMatchObject({ code: 'tool_ambiguous', message: containing('archive/save') });

    fixture.configuration = { ...two, triggers: calling('archive/save').triggers };
    fixture.mcp.lists.length = 0;
    expect((await runOf(fixture)).status).toBe(RunStatus.SUCCEEDED);
    expect(fixture.mcp.calls.map(({ server }) => server.url)).toEqual(['https://archive.example.com/mcp']);
    expect(fixture.mcp.lists.map(({ url }) => url)).toEqual(['https://archive.example.com/mcp']);
  });

  it('finds the tool of a skill by its id, whatever the skill is called by now', async () => {
    const two = calling('save');
    const [skill] = two.skills;
    const other = { ...skill!, id: 'skl_2', name: 'invoices', mcpServerUrl: 'https://archive.example.com/mcp' };
    two.skills = [{ ...skill!, name: 'billing' }, other];
    two.agents[0]!.skillIds.push('skl_2');
    const { action } = two.triggers[0]!;
    if (action.case === 'toolCall') action.value.skillId = 'skl_1';
    await using fixture = await createFixture(two);
    fixture.mcp.tools['https://archive.example.com/mcp'] = [tool('save')];
    expect((await runOf(fixture)).status).toBe(RunStatus.SUCCEEDED);
    expect(fixture.mcp.calls.map(({ server }) => server.url)).toEqual([URL_OF_SKILL]);
  });

  it('never calls a tool that needs approval, unless the trigger approves by itself', async () => {
    await using fixture = await createFixture(configurationOf({ skill: { requiresApproval: true } }));
    const run = await runOf(fixture);
    expect(run.error).toMatchObject({ code: 'approval_required', message: containing('auto_approve') });
    expect(fixture.mcp.calls).toEqual([]);

    fixture.configuration = configurationOf({ skill: { requiresApproval: true }, trigger: { autoApprove: true } });
    expect((await runOf(fixture)).status).toBe(RunStatus.SUCCEEDED);
  });

  it('fails with a clear word for an agent without skills', async () => {
    await using fixture = await createFixture(configurationOf({ agent: { skillIds: [] } }));
    expect((await runOf(fixture)).error).toMatchObject({ code: 'agent_has_no_skills' });
  });
});
