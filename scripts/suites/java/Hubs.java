import com.azure.core.amqp.AmqpTransportType;
import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventHubBufferedProducerClientBuilder;
import com.azure.messaging.eventhubs.EventHubClientBuilder;
import com.azure.messaging.eventhubs.EventHubConsumerClient;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.EventProcessorClient;
import com.azure.messaging.eventhubs.EventProcessorClientBuilder;
import com.azure.messaging.eventhubs.checkpointstore.blob.BlobCheckpointStore;
import com.azure.messaging.eventhubs.models.CreateBatchOptions;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionEvent;
import com.azure.messaging.eventhubs.models.ReceiveOptions;
import com.azure.messaging.eventhubs.models.SendOptions;
import com.azure.storage.blob.BlobServiceClientBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What is sent to the hub and read from it, and who is refused. */
final class Hubs extends Cases {
    static EventHubClientBuilder client() {
        return new EventHubClientBuilder().connectionString(hub).consumerGroup("$Default");
    }

    static EventHubClientBuilder clientTls() {
        return new EventHubClientBuilder().credential("localhost", name, credential()).customEndpointAddress(tls).consumerGroup("$Default");
    }

    /** Sends one event of a fresh text to partition 0. @return the text. */
    static String sendTo(EventHubProducerClient producer, String partition) {
        String text = UUID.randomUUID().toString();
        producer.send(List.of(new EventData(text)), new SendOptions().setPartitionId(partition));
        return text;
    }

    /** Everything of a partition from a position on until a text has come. */
    static List<EventData> until(EventHubConsumerClient consumer, String partition, EventPosition from, String text) {
        List<EventData> seen = new ArrayList<>();
        long end = System.nanoTime() + WAIT.toNanos();
        EventPosition position = from;
        while (System.nanoTime() < end) {
            for (PartitionEvent event : consumer.receiveFromPartition(partition, 50, position, Duration.ofSeconds(1))) {
                seen.add(event.getData());
                position = EventPosition.fromSequenceNumber(event.getData().getSequenceNumber());
                if (event.getData().getBodyAsString().equals(text)) return seen;
            }
        }
        throw new AssertionError("the event did not come; " + seen.size() + " others did");
    }

    static void sendAndReceive(EventHubClientBuilder builder) {
        try (EventHubProducerClient producer = builder.buildProducerClient();
            EventHubConsumerClient consumer = builder.buildConsumerClient()) {
            long before = producer.getPartitionProperties("0").getLastEnqueuedSequenceNumber();
            String text = sendTo(producer, "0");
            List<EventData> seen = until(consumer, "0", EventPosition.fromSequenceNumber(before), text);
            same(before + 1, seen.get(seen.size() - 1).getSequenceNumber());
        }
    }

    static AmqpErrorCondition conditionOf(Case body) {
        return refused(AmqpException.class, body).getErrorCondition();
    }

    static void hubs() {
        run("hub: send and receive, connection string", () -> sendAndReceive(client()));
        run("hub: send and receive, TLS and token", () -> sendAndReceive(clientTls()));
        run("hub: send and receive, WebSockets", () -> sendAndReceive(clientTls().transportType(AmqpTransportType.AMQP_WEB_SOCKETS)));
        run("hub: properties", () -> {
            try (EventHubProducerClient producer = client().buildProducerClient()) {
                same(name, producer.getEventHubProperties().getName());
                same("[0, 1, 2, 3]", producer.getPartitionIds().stream().toList());
                same("2", producer.getPartitionProperties("2").getId());
            }
        });
        run("hub: a key lands on one partition, its batch is filled to the limit", () -> {
            try (EventHubProducerClient producer = client().buildProducerClient()) {
                var batch = producer.createBatch(new CreateBatchOptions().setPartitionKey("station"));
                same(1_048_576, batch.getMaxSizeInBytes());
                int count = 0;
                while (batch.tryAdd(new EventData(new byte[100_000]))) count++;
                same(10, count);
                long before = producer.getPartitionProperties("3").getLastEnqueuedSequenceNumber()
                    + producer.getPartitionProperties("0").getLastEnqueuedSequenceNumber()
                    + producer.getPartitionProperties("1").getLastEnqueuedSequenceNumber()
                    + producer.getPartitionProperties("2").getLastEnqueuedSequenceNumber();
                producer.send(batch);
                long after = 0;
                for (String id : producer.getPartitionIds()) after += producer.getPartitionProperties(id).getLastEnqueuedSequenceNumber();
                same(before + count, after);
            }
        });
        run("hub: kinds of properties come back", () -> {
            try (EventHubProducerClient producer = client().buildProducerClient(); EventHubConsumerClient consumer = client().buildConsumerClient()) {
                long before = producer.getPartitionProperties("1").getLastEnqueuedSequenceNumber();
                String text = UUID.randomUUID().toString();
                EventData sent = new EventData(text).setContentType("application/json").setCorrelationId("c").setMessageId("m");
                Map<String, Object> properties = Map.of("int", 7, "long", 1L << 40, "double", 0.5, "boolean", true, "text", "ä",
                    "uuid", new UUID(1, 2), "date", Date.from(Instant.ofEpochMilli(1_700_000_000_123L)), "byte", (byte) -3, "char", 'x');
                sent.getProperties().putAll(properties);
                producer.send(List.of(sent), new SendOptions().setPartitionId("1"));
                List<EventData> seen = until(consumer, "1", EventPosition.fromSequenceNumber(before), text);
                EventData last = seen.get(seen.size() - 1);
                same("application/json c m", last.getContentType() + " " + last.getCorrelationId() + " " + last.getMessageId());
                for (var one : properties.entrySet()) {
                    Object got = last.getProperties().get(one.getKey());
                    same(one.getKey() + " " + one.getValue().getClass() + " " + one.getValue(), one.getKey() + " " + got.getClass() + " " + got);
                }
            }
        });
        run("hub: positions: a time, the latest, an inclusive number", () -> {
            try (EventHubProducerClient producer = client().buildProducerClient(); EventHubConsumerClient consumer = client().buildConsumerClient()) {
                String text = sendTo(producer, "2");
                var at = producer.getPartitionProperties("2");
                List<EventData> one = until(consumer, "2", EventPosition.fromSequenceNumber(at.getLastEnqueuedSequenceNumber(), true), text);
                same(1, one.size());
                until(consumer, "2", EventPosition.fromEnqueuedTime(one.get(0).getEnqueuedTime().minusMillis(1)), text);
                until(consumer, "2", EventPosition.fromOffsetString(String.valueOf(-1)), text);
                var latest = consumer.receiveFromPartition("2", 1, EventPosition.latest(), Duration.ofSeconds(1));
                same(0, latest.stream().count());
            }
        });
        run("hub: last enqueued properties are tracked", () -> {
            try (EventHubProducerClient producer = client().buildProducerClient(); EventHubConsumerClient consumer = client().buildConsumerClient()) {
                sendTo(producer, "0");
                var options = new ReceiveOptions().setTrackLastEnqueuedEventProperties(true);
                var first = consumer.receiveFromPartition("0", 1, EventPosition.earliest(), WAIT, options).iterator().next();
                same(producer.getPartitionProperties("0").getLastEnqueuedSequenceNumber(), first.getLastEnqueuedEventProperties().getSequenceNumber());
            }
        });
        run("hub: a higher owner level takes over", () -> {
            try (var consumer = client().buildAsyncConsumerClient(); EventHubProducerClient producer = client().buildProducerClient()) {
                sendTo(producer, "3");
                var first = new CountDownLatch(1);
                var lost = new CountDownLatch(1);
                AmqpErrorCondition[] reason = new AmqpErrorCondition[1];
                var low = consumer.receiveFromPartition("3", EventPosition.earliest(), new ReceiveOptions().setOwnerLevel(1L)).subscribe(
                    event -> first.countDown(), error -> {
                        reason[0] = error instanceof AmqpException one ? one.getErrorCondition() : null;
                        lost.countDown();
                    });
                if (!first.await(30, TimeUnit.SECONDS)) throw new AssertionError("nothing came to the lower level");
                var high = consumer.receiveFromPartition("3", EventPosition.earliest(), new ReceiveOptions().setOwnerLevel(2L)).subscribe();
                if (!lost.await(30, TimeUnit.SECONDS)) throw new AssertionError("the lower level was not told");
                same(AmqpErrorCondition.LINK_STOLEN, reason[0]);
                low.dispose();
                high.dispose();
            }
        });
        run("hub: a hub that is not there", () -> same(AmqpErrorCondition.NOT_FOUND, conditionOf(() -> {
            try (var producer = new EventHubClientBuilder().connectionString(hub.replaceAll(";EntityPath=.*", ""), "nowhere").buildProducerClient()) {
                producer.send(List.of(new EventData("x")));
            }
        })));
        run("hub: a group that is not there", () -> same(AmqpErrorCondition.NOT_FOUND, conditionOf(() -> {
            try (var consumer = client().consumerGroup("nobody").buildAsyncConsumerClient()) {
                consumer.receiveFromPartition("0", EventPosition.earliest()).blockFirst(WAIT);
            }
        })));
        run("hub: a partition that is not there", () -> {
            try (var producer = client().buildProducerClient()) {
                refused(IllegalArgumentException.class, () -> producer.getPartitionProperties("9"));
                same(AmqpErrorCondition.ARGUMENT_OUT_OF_RANGE_ERROR, conditionOf(() -> sendTo(producer, "9")));
            }
        });
        run("hub: a wrong key", () -> same(AmqpErrorCondition.UNAUTHORIZED_ACCESS, conditionOf(() -> {
            String wrong = hub.replaceAll("SharedAccessKey=[^;]*", "SharedAccessKey=" + Base64.getEncoder().encodeToString(new byte[32]));
            try (var producer = new EventHubClientBuilder().connectionString(wrong).buildProducerClient()) {
                producer.getEventHubProperties();
            }
        })));
        run("hub: a buffered producer", () -> {
            var sent = new CountDownLatch(40);
            String[] failed = new String[1];
            var producer = new EventHubBufferedProducerClientBuilder().connectionString(hub).maxWaitTime(Duration.ofMillis(200))
                .onSendBatchSucceeded(done -> done.getEvents().forEach(event -> sent.countDown()))
                .onSendBatchFailed(done -> failed[0] = String.valueOf(done.getThrowable())).buildClient();
            for (int i = 0; i < 40; i++) producer.enqueueEvent(new EventData("b" + i));
            producer.flush();
            if (!sent.await(30, TimeUnit.SECONDS)) throw new AssertionError(sent.getCount() + " of 40 were not sent: " + failed[0]);
            producer.close();
        });
        run("hub: two event processors share, checkpoint and go on", Hubs::processors);
    }

    /** Two processors read all; others that follow read nothing again but what is new. */
    static void processors() throws Exception {
        var container = new com.azure.storage.blob.BlobServiceClientBuilder().connectionString(lake).buildAsyncClient().getBlobContainerAsyncClient("java-processors");
        container.createIfNotExists().block(WAIT);
        var store = new BlobCheckpointStore(container);
        String run = UUID.randomUUID().toString();
        try (EventHubProducerClient producer = client().buildProducerClient()) {
            for (int turn = 0; turn < 2; turn++) {
                int now = turn;
                for (String id : producer.getPartitionIds())
                    for (int i = 0; i < 10; i++)
                        producer.send(List.of(new EventData(run + " " + now + " " + id + " " + i)), new SendOptions().setPartitionId(id));
                Set<String> seen = new ConcurrentSkipListSet<>();
                Set<String> owners = new ConcurrentSkipListSet<>();
                var all = new CountDownLatch(40);
                var shared = new CountDownLatch(2);
                List<String> wrong = java.util.Collections.synchronizedList(new ArrayList<>());
                List<EventProcessorClient> both = new ArrayList<>();
                for (String which : List.of("one", "two")) both.add(new EventProcessorClientBuilder().connectionString(hub).consumerGroup("$Default").checkpointStore(store)
                    .initialPartitionEventPosition(id -> EventPosition.earliest())
                    .loadBalancingUpdateInterval(Duration.ofMillis(500)).partitionOwnershipExpirationInterval(Duration.ofSeconds(10))
                    .processPartitionInitialization(context -> { if (owners.add(which)) shared.countDown(); })
                    .processEvent(context -> {
                        String text = context.getEventData().getBodyAsString();
                        if (text.startsWith(run + " ")) {
                            if (!text.startsWith(run + " " + now)) wrong.add(text);
                            if (seen.add(text)) all.countDown();
                        }
                        context.updateCheckpoint();
                    })
                    .processError(context -> {
                        // The one that loses a partition to the other is told so.
                        if (!(context.getThrowable() instanceof AmqpException lost && lost.getErrorCondition() == AmqpErrorCondition.LINK_STOLEN))
                            wrong.add(String.valueOf(context.getThrowable()));
                    })
                    .buildEventProcessorClient());
                both.forEach(EventProcessorClient::start);
                boolean done = all.await(60, TimeUnit.SECONDS) && shared.await(60, TimeUnit.SECONDS);
                // Those that stop tell of their own threads, which they have ended.
                var told = List.copyOf(wrong);
                both.forEach(EventProcessorClient::stop);
                if (!done) throw new AssertionError("turn " + turn + ": " + seen.size() + " of 40 came, to " + owners + "; " + told);
                same("[]", told);
            }
        }
    }
}
