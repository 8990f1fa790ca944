import { getOption, type DescField } from '@bufbuild/protobuf';
import { field_behavior, FieldBehavior } from '@agent-platform/proto';

/** Whether requests that set the field are taken as if they did not: https://google.aip.dev/203. */
export function isGivenByPlatform(field: DescField): boolean {
  const behaviors = getOption(field, field_behavior);
  return behaviors.includes(FieldBehavior.OUTPUT_ONLY) || behaviors.includes(FieldBehavior.IDENTIFIER);
}
