import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/** The reference REST catalog of Apache Iceberg over any of its catalogs; test_lake_rest_reference.py starts it. */
public class ReferenceCatalog {
  public static void main(String[] arguments) throws Exception {
    Properties read = new Properties();
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      read.load(file);
    }
    Map<String, String> properties = new HashMap<>();
    read.forEach((key, value) -> properties.put((String) key, (String) value));
    int port = Integer.parseInt(properties.remove("port"));
    RESTCatalogAdapter adapter = new RESTCatalogAdapter(
        CatalogUtil.buildIcebergCatalog("catalog-dw", properties, new Configuration()));
    ServletContextHandler handler = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
    handler.addServlet(new ServletHolder(new RESTCatalogServlet(adapter)), "/*");
    Server server = new Server(new InetSocketAddress("127.0.0.1", port));
    server.setHandler(handler);
    server.start();
    server.join();
  }
}
