import java.nio.file.Paths;
import java.util.*;
import liquibase.Scope;
import liquibase.ChecksumVersion;
import liquibase.changelog.*;
import liquibase.database.*;
import liquibase.parser.ChangeLogParserFactory;
import liquibase.resource.*;

/** Prints what Liquibase reads from a changelog, one JSON object per changeset: DumpChangelog <folder> <file>. */
public class DumpChangelog {
  static String json(Object value) {
    if (value == null) return "null";
    StringBuilder text = new StringBuilder("\"");
    for (char c : value.toString().toCharArray()) {
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else if (c < 0x20) text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    }
    return text.append('"').toString();
  }

  public static void main(String[] args) throws Exception {
    java.util.logging.LogManager.getLogManager().reset();
    ResourceAccessor files = new DirectoryResourceAccessor(Paths.get(args[0]));
    Scope.child(Map.of("resourceAccessor", files), () -> {
      String offline = "offline:postgresql?outputLiquibaseSql=none&changeLogFile=" + System.getProperty("java.io.tmpdir") + "/offline.csv";
      Database database = DatabaseFactory.getInstance().openDatabase(offline, null, null, null, files);
      Scope.child(Map.of("database", database), () -> {
        ChangeLogParameters parameters = new ChangeLogParameters(database);
        DatabaseChangeLog log = ChangeLogParserFactory.getInstance().getParser(args[1], files).parse(args[1], parameters, files);
        for (ChangeSet set : log.getChangeSets()) {
          set.clearCheckSum();
          String v8 = set.generateCheckSum(ChecksumVersion.V8).toString();
          set.clearCheckSum();
          String v9 = set.generateCheckSum(ChecksumVersion.V9).toString();
          System.out.println("{\"id\":" + json(set.getId()) + ",\"author\":" + json(set.getAuthor()) + ",\"filePath\":" + json(set.getFilePath())
              + ",\"v8\":" + json(v8) + ",\"v9\":" + json(v9) + ",\"contexts\":" + json(set.buildFullContext()) + ",\"labels\":" + json(set.buildFullLabels())
              + ",\"description\":" + json(set.getDescription()) + ",\"comments\":" + json(set.getComments()) + "}");
        }
      });
    });
  }
}
