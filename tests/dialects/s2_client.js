const ws = new WebSocket('ws://localhost:8000/ws?token=your-auth-token');

ws.onopen = () => {
  console.log('Connected to WebSocket server');
};

ws.onmessage = (event) => {
  const message = JSON.parse(event.data);
  
  switch (message.type) {
    case 'connection_established':
      console.log('Connection confirmed:', message.message);
      break;
    
    case 'position_update':
      console.log('Position update:', message.data);
      // Update UI with position data
      break;
    
    case 'equity_update':
      console.log('Equity update:', message.data);
      // Update UI with equity data
      break;
    
    case 'risk_status_update':
      console.log('Risk status update:', message.data);
      // Update UI with risk status
      break;
    
    case 'system_log':
      console.log('System log:', message.data);
      // Display log in UI
      break;
  }
};

ws.onerror = (error) => {
  console.error('WebSocket error:', error);
};

ws.onclose = () => {
  console.log('Disconnected from WebSocket server');
  // Implement reconnection logic
};
