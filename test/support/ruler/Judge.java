// AWS's matcher as a filter of lines. A line is a pattern, a tab, and events with tabs between them. The answer is one
// character for each event: 1 or 0. For a pattern that is refused, the answer is "invalid: " and the reason.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.Patterns;

public class Judge {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(line.split("\t")));
    }
    out.flush();
  }

  private static String answer(String[] parts) throws Exception {
    // Each combination of $or has a machine of its own. In one machine, their states are mixed up now and then.
    List<Machine> machines = new ArrayList<>();
    try {
      // As EventBridge: a path that is given twice is refused.
      for (Map<String, List<Patterns>> rule : JsonRuleCompiler.compile(parts[0], false)) {
        // Its newer matching of lists misses values that are in a list here and in none there, under one path.
        Machine machine = Machine.builder().withStructuredMatching(false).build();
        machine.addPatternRule("rule", rule);
        machines.add(machine);
      }
    } catch (Exception refused) {
      return "invalid: " + String.valueOf(refused.getMessage()).replace('\n', ' ');
    }
    StringBuilder answers = new StringBuilder();
    for (int i = 1; i < parts.length; i++) {
      boolean matches = false;
      for (Machine machine : machines) matches |= !machine.rulesForJSONEvent(parts[i]).isEmpty();
      answers.append(matches ? '1' : '0');
    }
    return answers.toString();
  }
}
