class WebSocketManager {
    constructor(url) {
        this.url = url;
        this.socket = null;
        this.isConnected = false;
        this.messageHandlers = {};
        
        // Connect to WebSocket server
        this.connect();
    }
    
    connect() {
        this.socket = new WebSocket(this.url);
        
        this.socket.onopen = () => {
            this.isConnected = true;
            console.log('Connected to WebSocket server');
        };
        
        this.socket.onmessage = (event) => {
            const message = JSON.parse(event.data);
            this.handleMessage(message);
        };
        
        this.socket.onclose = () => {
            this.isConnected = false;
            console.log('Disconnected from WebSocket server');
            
            // Reconnect after a delay
            setTimeout(() => this.connect(), 3000);
        };
    }
    
    handleMessage(message) {
        // Handle message based on type
        const handlers = this.messageHandlers[message.type] || [];
        handlers.forEach(handler => handler(message.data));
    }
    
    on(type, handler) {
        // Register message handler
        if (!this.messageHandlers[type]) {
            this.messageHandlers[type] = [];
        }
        this.messageHandlers[type].push(handler);
    }
    
    send(type, data) {
        // Send message to server
        if (this.isConnected) {
            const message = {
                type,
                data,
                timestamp: new Date().toISOString()
            };
            this.socket.send(JSON.stringify(message));
        }
    }
}
