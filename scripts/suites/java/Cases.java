import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.file.datalake.DataLakeServiceClientBuilder;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/**
 * What programs do with Azure's Java clients: one line for each case, "passed" or "failed", its name and the reason, parted by tabs.
 * Arguments: connection string of the hub, its address over TLS, hub, connection string of the lake, its address over TLS, token; and, if not
 * all cases are meant, words of their names.
 */
class Cases {
    interface Case {
        void run() throws Exception;
    }

    static final Duration WAIT = Duration.ofSeconds(30);
    /** The two processors wait for a minute twice in each of two turns. */
    static final int LONGEST_S = 300;
    static String hub, tls, name, lake, lakeTls, token, only;

    static TokenCredential credential() {
        return request -> Mono.just(new AccessToken(token, OffsetDateTime.now().plusHours(1)));
    }

    /** A case that does not end is given up, so that those behind it are heard of. */
    static void run(String test, Case body) {
        if (!test.contains(only)) return;
        var task = new FutureTask<Void>(() -> {
            body.run();
            return null;
        });
        var thread = new Thread(task, test);
        thread.setDaemon(true);
        thread.start();
        try {
            task.get(LONGEST_S, TimeUnit.SECONDS);
            say("passed", test, "");
        } catch (ExecutionException error) {
            say("failed", test, String.valueOf(error.getCause()));
        } catch (TimeoutException late) {
            String at = Arrays.stream(thread.getStackTrace()).limit(12).map(String::valueOf).collect(Collectors.joining(" < "));
            say("failed", test, "it did not end in " + LONGEST_S + " s and stands at " + at);
            thread.interrupt();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    static void say(String outcome, String test, String message) {
        System.out.println(outcome + "\t" + test + "\t" + message.replaceAll("\\s+", " "));
        System.out.flush();
    }

    /** What fails before its cases are reached is a failure too. */
    static void group(String label, Case cases) {
        try {
            cases.run();
        } catch (Throwable error) {
            say("failed", label + ": all cases were reached", String.valueOf(error));
        }
    }

    static void same(Object wanted, Object seen) {
        if (!String.valueOf(wanted).equals(String.valueOf(seen))) throw new AssertionError("wanted " + wanted + ", saw " + seen);
    }

    static <T extends Throwable> T refused(Class<T> kind, Case body) {
        try {
            body.run();
        } catch (Throwable error) {
            for (Throwable one = error; one != null; one = one.getCause()) if (kind.isInstance(one)) return kind.cast(one);
            throw new AssertionError("wanted " + kind.getSimpleName() + ", saw " + error, error);
        }
        throw new AssertionError("wanted " + kind.getSimpleName() + ", but nothing was refused");
    }

    public static void main(String[] args) {
        only = args.length > 6 ? args[6] : "";
        hub = args[0];
        tls = args[1];
        name = args[2];
        lake = args[3];
        lakeTls = args[4];
        token = args[5];
        group("hub", Hubs::hubs);
        group("blob, key", () -> Stores.blobs("key", new BlobServiceClientBuilder().connectionString(lake).buildClient()));
        group("blob, token", () -> Stores.blobs("token", new BlobServiceClientBuilder().endpoint(lakeTls).credential(credential()).buildClient()));
        group("blob", Stores::signatures);
        group("lake, key", () -> Stores.lakes("key", new DataLakeServiceClientBuilder().connectionString(lake).buildClient()));
        group("lake, token", () -> Stores.lakes("token", new DataLakeServiceClientBuilder().endpoint(lakeTls).credential(credential()).buildClient()));
        // The SDK's threads would keep the program alive, and a client that hangs its end.
        Runtime.getRuntime().halt(0);
    }
}
