import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * Requests as Kafka's own classes write them, and answers as they read them. The argument is a port; each line of the input is a number
 * of a request, a version and its fields as JSON, and each line of the output the answer's fields, or what is wrong with it.
 */
class Messages {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String PACKAGE = "org.apache.kafka.common.message.";

    public static void main(String[] arguments) throws Exception {
        var socket = new Socket("localhost", Integer.parseInt(arguments[0]));
        socket.setSoTimeout(20_000);
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var parts = line.split(" ", 3);
            String answer;
            try {
                answer = ask(socket, Short.parseShort(parts[0]), Short.parseShort(parts[1]), JSON.readTree(parts[2]));
            } catch (Exception error) {
                answer = JSON.writeValueAsString(error + ", " + error.getCause());
            }
            System.out.println(answer);
        }
        socket.close();
    }

    static String ask(Socket socket, short key, short version, JsonNode fields) throws Exception {
        var type = ApiMessageType.fromApiKey(key);
        var header = new RequestHeaderData().setRequestApiKey(key).setRequestApiVersion(version).setCorrelationId(7).setClientId("java");
        send(socket, bytes(header, type.requestHeaderVersion(version)), bytes(read(type, fields, version), version));
        var in = new DataInputStream(socket.getInputStream());
        var answer = ByteBuffer.wrap(in.readNBytes(in.readInt()));
        var readable = new ByteBufferAccessor(answer);
        int id = new ResponseHeaderData(readable, type.responseHeaderVersion(version)).correlationId();
        if (id != 7) return "\"the answer is to request " + id + "\"";
        var response = type.newResponse();
        response.read(readable, version);
        if (answer.hasRemaining()) return "\"" + answer.remaining() + " bytes are left of the answer\"";
        return write(type, response, version);
    }

    static ByteBuffer bytes(Message message, short version) {
        return MessageUtil.toByteBufferAccessor(message, version).buffer();
    }

    static void send(Socket socket, ByteBuffer header, ByteBuffer body) throws Exception {
        var message = ByteBuffer.allocate(4 + header.remaining() + body.remaining());
        message.putInt(message.capacity() - 4).put(header).put(body);
        socket.getOutputStream().write(message.array());
    }

    static ApiMessage read(ApiMessageType type, JsonNode fields, short version) throws Exception {
        var converter = Class.forName(PACKAGE + type.name + "RequestDataJsonConverter");
        return (ApiMessage) converter.getMethod("read", JsonNode.class, short.class).invoke(null, fields, version);
    }

    static String write(ApiMessageType type, ApiMessage response, short version) throws Exception {
        var converter = Class.forName(PACKAGE + type.name + "ResponseDataJsonConverter");
        var fields = converter.getMethod("write", response.getClass(), short.class).invoke(null, response, version);
        return JSON.writeValueAsString(fields);
    }
}
