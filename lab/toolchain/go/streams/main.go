// Streams holds connections open and numbers every message on them, as trading programs do.
//
// `streams server` answers each message with the same text. `streams client` holds connections of the given kinds until
// its standard input ends, and then prints, as JSON, what became of each of them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
)

const (
	version = "1.0.0"

	tcpPort, httpPort, grpcPort = ":7001", ":7002", ":7003"
	patience                    = 10 * time.Second
)

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	if len(os.Args) > 1 && os.Args[1] == "server" {
		serve()
	} else if len(os.Args) > 1 && os.Args[1] == "client" {
		hold(os.Args[2:])
	} else if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(version)
	} else {
		log.Fatal("usage: streams server | client | version")
	}
}

// Server

func serve() {
	listener, err := net.Listen("tcp", tcpPort)
	must(err)
	go func() {
		for {
			connection, err := listener.Accept()
			must(err)
			go func() {
				defer connection.Close()
				io.Copy(connection, connection)
			}()
		}
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", echoWebSocket)
	mux.HandleFunc("/poll", answerLate)
	go func() { must(http.ListenAndServe(httpPort, mux)) }()
	listening, err := net.Listen("tcp", grpcPort)
	must(err)
	server := grpc.NewServer()
	grpc_testing.RegisterTestServiceServer(server, echo{})
	must(server.Serve(listening))
}

func echoWebSocket(writer http.ResponseWriter, request *http.Request) {
	socket, err := websocket.Accept(writer, request, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer socket.CloseNow()
	for {
		kind, text, err := socket.Read(request.Context())
		if err != nil || socket.Write(request.Context(), kind, text) != nil {
			return
		}
	}
}

func answerLate(writer http.ResponseWriter, request *http.Request) {
	asked := request.URL.Query()
	seconds, _ := strconv.Atoi(asked.Get("seconds"))
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
		fmt.Fprint(writer, asked.Get("number"))
	case <-request.Context().Done():
	}
}

type echo struct {
	grpc_testing.UnimplementedTestServiceServer
}

func (echo) FullDuplexCall(stream grpc_testing.TestService_FullDuplexCallServer) error {
	for {
		message, err := stream.Recv()
		if err != nil {
			return nil
		}
		if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{Payload: message.Payload}); err != nil {
			return err
		}
	}
}

// Client

// A link is an open connection that sends a message and waits for the same text.
type link interface {
	exchange(text string) error
	close()
}

// An end is the end of a connection that the client did not want to end.
type end struct {
	At     float64 `json:"at"`     // seconds since the epoch
	Lived  float64 `json:"lived"`  // seconds
	Reason string  `json:"reason"` // the client's error
}

// A stream is what became of the connections that one after another stood for it.
type stream struct {
	Name   string  `json:"name"`
	Sent   int     `json:"sent"` // messages
	Lost   int     `json:"lost"` // messages without an answer
	Gap    float64 `json:"gap"`  // longest time between two answers, in seconds
	Ends   []end   `json:"ends"`
	Failed []end   `json:"failed"` // attempts to connect that failed
}

func hold(arguments []string) {
	options := flag.NewFlagSet("client", flag.ExitOnError)
	host := options.String("host", "", "value of the HTTP header Host")
	every := options.Duration("every", 500*time.Millisecond, "time between two messages")
	count := options.Int("count", 1, "connections to each address")
	options.Parse(arguments)
	stop, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var streams []*stream
	var running sync.WaitGroup
	for _, named := range options.Args() { // NAME=tcp://HOST:PORT, ws://, grpc://, poll://HOST:PORT?seconds=N
		name, address, _ := strings.Cut(named, "=")
		target, err := url.Parse(address)
		must(err)
		for range *count {
			state := &stream{Name: name, Ends: []end{}, Failed: []end{}}
			streams = append(streams, state)
			running.Add(1)
			go func() {
				defer running.Done()
				state.run(stop, target, *host, *every)
			}()
		}
	}
	log.Printf("holding %d streams", len(streams))
	running.Wait()
	must(json.NewEncoder(os.Stdout).Encode(streams))
}

func (state *stream) run(stop context.Context, target *url.URL, host string, every time.Duration) {
	last := time.Now()
	for stop.Err() == nil {
		begun := time.Now()
		connection, err := connect(stop, target, host)
		if err != nil {
			if stop.Err() == nil {
				state.Failed = append(state.Failed, ended(begun, err))
			}
			wait(stop, every)
			continue
		}
		for stop.Err() == nil {
			state.Sent++
			if err := connection.exchange(fmt.Sprint(state.Sent)); err != nil {
				if stop.Err() == nil {
					state.Lost++
					state.Ends = append(state.Ends, ended(begun, err))
					log.Printf("%s ended after %.1f s: %v", state.Name, time.Since(begun).Seconds(), err)
				}
				break
			}
			state.Gap = max(state.Gap, time.Since(last).Seconds())
			last = time.Now()
			wait(stop, every)
		}
		connection.close()
		wait(stop, every)
	}
}

func ended(begun time.Time, err error) end {
	now := time.Now()
	return end{float64(now.UnixMilli()) / 1000, now.Sub(begun).Seconds(), err.Error()}
}

func wait(stop context.Context, time_ time.Duration) {
	select {
	case <-time.After(time_):
	case <-stop.Done():
	}
}

func connect(stop context.Context, target *url.URL, host string) (link, error) {
	within, cancel := context.WithTimeout(stop, patience)
	defer cancel()
	switch target.Scheme {
	case "tcp":
		connection, err := (&net.Dialer{}).DialContext(within, "tcp", target.Host)
		return &tcpLink{connection, nil}, err
	case "ws":
		socket, _, err := websocket.Dial(within, "ws://"+target.Host+"/ws", &websocket.DialOptions{Host: host})
		return &webSocketLink{socket}, err
	case "poll":
		return &pollLink{stop, target, host, &http.Client{Transport: &http.Transport{}}}, nil
	default:
		// One connection a stream; gRPC's own second attempt would hide its end.
		client, err := grpc.NewClient("passthrough:///"+target.Host, grpc.WithAuthority(host),
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
		if err != nil {
			return nil, err
		}
		call, err := grpc_testing.NewTestServiceClient(client).FullDuplexCall(stop)
		if err != nil {
			client.Close()
			return nil, err
		}
		return &grpcLink{client, call}, nil
	}
}

type tcpLink struct {
	net.Conn
	reader *bufio.Reader
}

func (connection *tcpLink) exchange(text string) error {
	if connection.reader == nil {
		connection.reader = bufio.NewReader(connection.Conn)
	}
	connection.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintln(connection.Conn, text); err != nil {
		return err
	}
	answer, err := connection.reader.ReadString('\n')
	return same(text, strings.TrimSpace(answer), err)
}

func (connection *tcpLink) close() { connection.Conn.Close() }

type webSocketLink struct{ *websocket.Conn }

func (socket *webSocketLink) exchange(text string) error {
	within, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := socket.Write(within, websocket.MessageText, []byte(text)); err != nil {
		return err
	}
	_, answer, err := socket.Read(within)
	return same(text, string(answer), err)
}

func (socket *webSocketLink) close() { socket.CloseNow() }

type pollLink struct {
	stop   context.Context
	target *url.URL
	host   string
	client *http.Client
}

func (poll *pollLink) exchange(text string) error {
	request, err := http.NewRequestWithContext(poll.stop, "GET", "http://"+poll.target.Host+"/poll?number="+text+"&"+poll.target.RawQuery, nil)
	if err != nil {
		return err
	}
	request.Host = poll.host
	answer, err := poll.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", answer.StatusCode, body)
	}
	return same(text, string(body), err)
}

func (poll *pollLink) close() { poll.client.CloseIdleConnections() }

type grpcLink struct {
	client *grpc.ClientConn
	call   grpc_testing.TestService_FullDuplexCallClient
}

func (connection *grpcLink) exchange(text string) error {
	payload := &grpc_testing.Payload{Body: []byte(text)}
	if err := connection.call.Send(&grpc_testing.StreamingOutputCallRequest{Payload: payload}); err != nil {
		_, err = connection.call.Recv() // Send says EOF alone
		return err
	}
	answered := make(chan error, 1)
	go func() {
		answer, err := connection.call.Recv()
		answered <- same(text, string(answer.GetPayload().GetBody()), err)
	}()
	select {
	case err := <-answered:
		return err
	case <-time.After(patience):
		return fmt.Errorf("no answer in %s", patience)
	}
}

func (connection *grpcLink) close() { connection.client.Close() }

func same(sent, answered string, err error) error {
	if err == nil && sent != answered {
		return fmt.Errorf("sent %s, answered %s", sent, answered)
	}
	return err
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
